import { readFileSync } from 'node:fs';
import { Failed, Refused, UndoFailed } from '../errors.ts';
import { type Console, type ConsoleRow, type Pgbouncer, withConsole } from './pgbouncer-console.ts';
import { type BackendChange, type PooledBackend, pointedAt, readBackend } from './pgbouncer-ini.ts';
import { replaceFile } from './replace-file.ts';

export type { Pgbouncer } from './pgbouncer-console.ts';
export type { BackendChange, PooledBackend } from './pgbouncer-ini.ts';

/** A database as PgBouncer offers it, now. */
export interface PooledDatabase {
  /** Where the running process sends clients. */
  readonly pointsAt: PooledBackend;
  /** Where the file does. The two differ between an edit and its RELOAD, which is where a switch may have been killed. */
  readonly fileSays: PooledBackend;
  /** Clients are held, or will be as soon as their transactions end. It stays so when whoever paused it is gone. */
  readonly paused: boolean;
  /** Sessions on the server; 0 while `paused` means that nothing of a client reaches it. */
  readonly serverSessions: number;
  readonly poolMode: 'session' | 'transaction' | 'statement';
}

interface Named {
  /** The name that clients connect to. */
  readonly database: string;
}

const COLUMNS = ['name', 'host', 'port', 'database', 'pool_mode', 'current_connections', 'paused'] as const;

/**
 * What PgBouncer does with a database, and what its file says: enough to settle a switch whose process was killed.
 *
 * @throws Failed `connection-failed`; Refused `pgbouncer-unknown`, `pgbouncer-line-missing`.
 * @example (await inspectPooled(pooler, { database: 'shop' })).pointsAt.database // "shop_new"
 */
export function inspectPooled(pooler: Pgbouncer, { database }: Named): Promise<PooledDatabase> {
  return withConsole(pooler, (console) => inspect(console, pooler, database));
}

/**
 * Holds the clients of a database: new statements wait, transactions under way end first, then PgBouncer's sessions on
 * the server are closed. When that takes longer than `timeoutMs`, or the signal comes, clients are let go again.
 *
 * @throws Refused `pgbouncer-session-pooling`; Failed `pgbouncer-not-paused` (clients are served);
 *         UndoFailed `pgbouncer-stays-paused` (they are not).
 * @example await pauseDatabase(pooler, { database: 'shop', timeoutMs: 5_000 })
 */
export async function pauseDatabase(
  pooler: Pgbouncer,
  options: Named & { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly waitedMs: number }> {
  const { database, timeoutMs, signal } = options;
  const startedMs = performance.now();
  signal?.throwIfAborted();
  return withConsole(pooler, async (console) => {
    const before = await inspect(console, pooler, database);
    if (before.poolMode === 'session') throw sessionPooling(database);
    try {
      await paused(console, { database, timeoutMs, signal });
    } catch (cause) {
      // On another session: RESUME leaves the one that waits for its PAUSE without an answer for ever (1.18).
      await letGo(pooler, database, cause);
      signal?.throwIfAborted();
      throw new Failed({
        code: 'pgbouncer-not-paused',
        seen: `${database} was not paused within ${timeoutMs} ms: ${(cause as Error).message}`,
        expected: 'every transaction under way to end by then',
        next: 'clients are served as before; look for long transactions, then try again',
        cause,
      });
    }
    return { waitedMs: Math.round(performance.now() - startedMs) };
  });
}

/**
 * Sends clients of a database to another backend from their next transaction on: edits the line in the file (complete
 * or not at all), reloads, and looks whether the process really took it, since RELOAD says "RELOAD" to a broken file too. Where it
 * did not, the file is put back. Idempotent. Pause first where a write must not fall between the two.
 *
 * @throws Refused `pgbouncer-line-missing`; Failed `pgbouncer-not-pointed` with the former backend in place.
 * @example await pointDatabaseAt(pooler, { database: 'shop', backend: { database: 'shop_new' } });
 */
export function pointDatabaseAt(
  pooler: Pgbouncer,
  options: Named & { readonly backend: BackendChange },
): Promise<{ readonly before: PooledBackend; readonly now: PooledBackend }> {
  const { database, backend } = options;
  return withConsole(pooler, async (console) => {
    const former = readFileSync(pooler.iniFile, 'utf8');
    const wanted = pointedAt(former, { database, backend });
    const { pointsAt: before } = await inspect(console, pooler, database);
    if (wanted !== former) replaceFile(pooler.iniFile, wanted);
    await console.command('RELOAD');
    const { pointsAt: now } = await inspect(console, pooler, database);
    if (sameBackend(now, readBackend(wanted, database))) return { before, now };
    if (wanted !== former) replaceFile(pooler.iniFile, former);
    await console.command('RELOAD');
    throw new Failed({
      code: 'pgbouncer-not-pointed',
      seen: `after RELOAD ${database} points at ${named(now)}`,
      expected: named(readBackend(wanted, database)),
      next: `${pooler.iniFile} is as it was; PgBouncer's log says what it did not take of it`,
    });
  });
}

/**
 * Lets the clients of a database go on. Idempotent: one that is not paused is fine.
 *
 * @example await resumeDatabase(pooler, { database: 'shop' })
 */
export function resumeDatabase(pooler: Pgbouncer, { database }: Named): Promise<void> {
  return withConsole(pooler, async (console) => {
    if ((await inspect(console, pooler, database)).paused)
      await console.command(`RESUME ${identifier(database)}`);
  });
}

async function paused(
  console: Console,
  options: Named & { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const { database, timeoutMs, signal } = options;
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(new Error('interrupted'));
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const done = console.command(`PAUSE ${identifier(database)}`, { timeoutMs });
    done.catch(() => undefined); // Cut off by an interruption, it is nobody's any more.
    await Promise.race([done, interrupted]);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

async function letGo(pooler: Pgbouncer, database: string, why: unknown): Promise<void> {
  try {
    await resumeDatabase(pooler, { database });
  } catch (cause) {
    throw new UndoFailed({
      code: 'pgbouncer-stays-paused',
      seen: `${database} could not be paused (${(why as Error).message}) nor resumed (${(cause as Error).message})`,
      expected: 'clients to be let go again',
      next: `clients wait: \`psql -p ${pooler.port} -U ${pooler.user} pgbouncer -c 'RESUME ${identifier(database)}'\``,
      cause,
    });
  }
}

async function inspect(console: Console, pooler: Pgbouncer, database: string): Promise<PooledDatabase> {
  const rows = await console.command('SHOW DATABASES');
  const row = rows.find(({ name }) => name === database);
  if (row === undefined) throw unknownDatabase(database, rows);
  const missing = COLUMNS.filter((column) => row[column] === undefined);
  if (missing.length > 0) throw unknownAnswer(missing);
  return {
    pointsAt: {
      host: row.host === null ? null : String(row.host),
      port: Number(row.port),
      database: String(row.database),
    },
    fileSays: readBackend(readFileSync(pooler.iniFile, 'utf8'), database),
    paused: Number(row.paused) === 1,
    serverSessions: Number(row.current_connections),
    poolMode: await poolMode(console, row),
  };
}

async function poolMode(console: Console, row: ConsoleRow): Promise<PooledDatabase['poolMode']> {
  const mode =
    row.pool_mode ?? (await console.command('SHOW CONFIG')).find(({ key }) => key === 'pool_mode')?.value;
  if (mode === 'session' || mode === 'transaction' || mode === 'statement') return mode;
  throw unknownAnswer([`pool_mode ${String(mode)}`]);
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function sameBackend(a: PooledBackend, b: PooledBackend): boolean {
  return a.host === b.host && a.port === b.port && a.database === b.database;
}

function named({ host, port, database }: PooledBackend): string {
  return `${host ?? 'socket'}:${port}/${database}`;
}

function sessionPooling(database: string): Refused {
  return new Refused({
    code: 'pgbouncer-session-pooling',
    seen: `${database} is pooled by session: PAUSE waits until every client has left`,
    expected: 'pool_mode transaction or statement',
    next: 'set `pool_mode=transaction` for it where the application allows, or switch by renaming databases',
  });
}

function unknownDatabase(database: string, rows: readonly ConsoleRow[]): Refused {
  return new Refused({
    code: 'pgbouncer-line-missing',
    seen: `PgBouncer offers ${rows.map(({ name }) => name).join(', ')}`,
    expected: `a database ${database} with a line of its own`,
    next: `write \`${database} = …\` under [databases] and reload PgBouncer, or correct the name in the runbook`,
  });
}

function unknownAnswer(missing: readonly string[]): Refused {
  return new Refused({
    code: 'pgbouncer-unknown',
    seen: `SHOW DATABASES without what is known of it: ${missing.join(', ')}`,
    expected: `the columns ${COLUMNS.join(', ')}`,
    next: 'switch by renaming databases; report the version of PgBouncer',
  });
}
