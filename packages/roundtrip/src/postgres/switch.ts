import { Ambiguous, Failed, Refused } from '../errors.ts';
import type { Client } from './connection.ts';
import { closeDatabase, openDatabase } from './fence.ts';

/** The name of the database with this OID, or undefined when there is none. */
export async function databaseByOid(client: Client, oid: string): Promise<string | undefined> {
  const { rows } = await client.query<{ datname: string }>(
    'SELECT datname FROM pg_database WHERE oid = $1::oid',
    [oid],
  );
  return rows[0]?.datname;
}

/** The OID of the database with this name, or undefined. An OID stays with a database through renames. */
export async function databaseOid(client: Client, name: string): Promise<string | undefined> {
  const { rows } = await client.query<{ oid: string }>(
    'SELECT oid::text FROM pg_database WHERE datname = $1',
    [name],
  );
  return rows[0]?.oid;
}

/** Two databases that exchange places: whoever has `liveName` is what clients reach. */
export interface NameExchange {
  readonly liveName: string;
  /** OID of the database that has the live name before. */
  readonly liveOid: string;
  /** OID of the database that shall have it after. */
  readonly nextOid: string;
  /** Name that the former one gets. */
  readonly retiredName: string;
}

/** Where an exchange stands, from the catalogue alone. */
export type ExchangePosition = 'before' | 'between' | 'after';

/**
 * Where an exchange stands. After a lost connection during RENAME this, on a fresh session, is what tells.
 *
 * @throws Ambiguous `switch-unclear` when the names fit no position.
 */
export async function inspectSwitch(client: Client, exchange: NameExchange): Promise<ExchangePosition> {
  return (await lookAt(client, exchange)).position;
}

interface ExchangeLook {
  readonly position: ExchangePosition;
  /** Present name of the database that shall have the live name; null once it is gone. */
  readonly nextName: string | null;
  /** OID of the database that has the retired name; null while that is free. */
  readonly retiredHolder: string | null;
}

/** One statement: between several, names could change, and behind a fence customers wait for each. */
async function lookAt(client: Client, exchange: NameExchange): Promise<ExchangeLook> {
  const { liveName, liveOid, nextOid, retiredName } = exchange;
  const { rows } = await client.query<
    Record<'holder' | 'formerName' | 'nextName' | 'retiredHolder', string | null>
  >(
    `SELECT (SELECT oid::text FROM pg_database WHERE datname = $1) AS holder,
            (SELECT datname FROM pg_database WHERE oid = $2::oid) AS "formerName",
            (SELECT datname FROM pg_database WHERE oid = $3::oid) AS "nextName",
            (SELECT oid::text FROM pg_database WHERE datname = $4) AS "retiredHolder"`,
    [liveName, liveOid, nextOid, retiredName],
  );
  const { holder = null, formerName = null, nextName = null, retiredHolder = null } = rows[0] ?? {};
  if (holder === nextOid) return { position: 'after', nextName, retiredHolder };
  if (nextName !== null && holder === liveOid) return { position: 'before', nextName, retiredHolder };
  // The former live database may be gone altogether: then its name is free for the next one.
  if (nextName !== null && holder === null) return { position: 'between', nextName, retiredHolder };
  throw new Ambiguous({
    code: 'switch-unclear',
    seen: `${liveName} is database ${holder ?? 'none'}; ${liveOid} is named ${formerName ?? 'gone'}, ${nextOid} is named ${nextName ?? 'gone'}`,
    expected: `${liveName} to be ${liveOid}, ${nextOid} or free`,
    next: 'someone renamed databases by hand: find out which one holds production before anything else',
  });
}

const FENCE_TIMEOUT_MS = 15_000;

/**
 * Gives the live name to another database: fence both, the live one last, rename, rename, un-fence the new one. Each rename is preceded
 * by a look at the catalogue, so that it can be repeated after a crash at any point. The retired database stays
 * closed, and is never opened under the live name. `journal` is called between the effects.
 *
 * @throws Refused `database-exists` before anything is closed; Failed `fence-not-closed`, `rename-failed`; Ambiguous `switch-unclear`.
 */
export async function switchNames(
  client: Client,
  options: NameExchange & {
    readonly timeoutMs: number;
    readonly journal: (mark: string) => Promise<void>;
    /**
     * All that may pass until the former live database has given up its name. Nothing is renamed once it has.
     * Default: every closing and renaming has `timeoutMs`, at most 15 s, of its own.
     */
    readonly retireTimeoutMs?: number | undefined;
    /** Called as soon as clients can connect again: whoever holds them lets them go. */
    readonly onOpened?: (() => Promise<void>) | undefined;
  },
): Promise<{ readonly gapMs: number }> {
  const { liveName, nextOid, retiredName, journal, retireTimeoutMs } = options;
  const startedAt = performance.now();
  const eachMs = Math.min(options.timeoutMs, FENCE_TIMEOUT_MS);
  const left = (): number =>
    retireTimeoutMs === undefined ? eachMs : Math.max(1, retireTimeoutMs - (performance.now() - startedAt));
  const { position, retiredHolder, ...look } = await lookAt(client, options);
  const nextName = look.nextName ?? gone(nextOid);
  if (position === 'before') {
    if (retiredHolder !== null) throw nameTaken(options, retiredHolder);
    await journal('fencing');
  }
  // The next database first: what takes time there costs no client anything.
  if (position !== 'after')
    await closeDatabase(client, nextName, { timeoutMs: position === 'before' ? left() : eachMs });
  const closedAt = performance.now();
  if (position === 'before') {
    await closeDatabase(client, liveName, { timeoutMs: left() });
    await renameDatabase(client, { from: liveName, to: retiredName, timeoutMs: left() });
    await journal('retired');
  }
  if (position !== 'after') {
    await renameDatabase(client, { from: nextName, to: liveName, timeoutMs: eachMs });
    await journal('renamed');
  }
  await openDatabase(client, liveName);
  await options.onOpened?.();
  return { gapMs: performance.now() - closedAt };
}

function gone(oid: string): never {
  throw new Failed({
    code: 'way-back-closed',
    seen: `database ${oid} is gone`,
    expected: 'the database that shall become live',
    next: 'resume: it is restored from the backup',
  });
}

/**
 * Undoes an exchange that stands between its two renames: the former live database gets its name back. It was closed
 * all the time and so was the next one, so that no client has written to either. It stays closed.
 *
 * @throws Failed `fence-not-closed`, `rename-failed`.
 */
export async function undoRetire(
  client: Client,
  exchange: NameExchange,
  options: { readonly timeoutMs: number },
): Promise<void> {
  const { liveName, liveOid } = exchange;
  const from = (await databaseByOid(client, liveOid)) ?? gone(liveOid);
  await closeDatabase(client, from, options);
  await renameDatabase(client, { from, to: liveName, timeoutMs: options.timeoutMs });
}

/**
 * Looked at before anything is closed: a rename that cannot succeed must not take production down first.
 *
 * @throws Refused `database-exists`.
 */
export async function requireFreeName(
  client: Client,
  exchange: Pick<NameExchange, 'liveName' | 'retiredName'>,
): Promise<void> {
  const holder = await databaseOid(client, exchange.retiredName);
  if (holder !== undefined) throw nameTaken(exchange, holder);
}

function nameTaken(
  { liveName, retiredName }: Pick<NameExchange, 'liveName' | 'retiredName'>,
  holder: string,
): Refused {
  return new Refused({
    code: 'database-exists',
    seen: `the name ${retiredName} is taken by database ${holder}`,
    expected: `a free name for what is ${liveName} now`,
    next: 'rename or drop that database once you are sure what it is, then resume',
  });
}

/** A statement is given this long at first and twice as long each time after, within the deadline. */
const FIRST_RENAME_MS = 5;

/**
 * A rename needs zero sessions. It looks at the server's own list of processes, which one that is ending leaves a
 * moment after pg_stat_activity, and then sleeps for 100 ms before it looks again, for 5 s in all. So it is cut short
 * and repeated; a session that has come late, or anyone who holds a lock on the name, is ended or waited for until
 * the deadline. (PostgreSQL 15, `CountOtherDBBackends`.) A statement that is cut has renamed nothing.
 */
async function renameDatabase(
  client: Client,
  options: { readonly from: string; readonly to: string; readonly timeoutMs: number },
): Promise<void> {
  const { from, to, timeoutMs } = options;
  const deadline = performance.now() + timeoutMs;
  for (let attemptMs = FIRST_RENAME_MS; ; attemptMs *= 2) {
    const leftMs = Math.max(FIRST_RENAME_MS, deadline - performance.now());
    try {
      // One message, one transaction: the limit ends with it.
      await client.query(
        `SET LOCAL statement_timeout = ${Math.ceil(Math.min(attemptMs, leftMs))};
         ALTER DATABASE ${client.escapeIdentifier(from)} RENAME TO ${client.escapeIdentifier(to)}`,
      );
      return;
    } catch (cause) {
      // 55006: sessions in it; 57014: cut short.
      const busy = ['55006', '57014'].includes((cause as { code?: string }).code ?? '');
      if (!busy || performance.now() >= deadline) throw renameFailed(options, cause);
    }
    await closeDatabase(client, from, { timeoutMs: Math.max(1, deadline - performance.now()) });
  }
}

function renameFailed(
  { from, to, timeoutMs }: { readonly from: string; readonly to: string; readonly timeoutMs: number },
  cause: unknown,
): Failed {
  return new Failed({
    code: 'rename-failed',
    seen: `renaming ${from} to ${to} within ${Math.round(timeoutMs)} ms: ${(cause as Error).message}`,
    expected: 'no session in it, nobody who holds its name, and a free name',
    next: 'resume: the catalogue tells where the exchange stands',
    cause,
  });
}
