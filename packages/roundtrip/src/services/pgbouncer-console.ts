import pg from 'pg';
import { Failed, Refused } from '../errors.ts';
import { passwordFor } from '../postgres/connection.ts';

/** The admin console of one PgBouncer process and the file with its databases; plain data. */
export interface Pgbouncer {
  /** A host, or the folder of the Unix socket: where several processes share a port, each has a socket of its own. */
  readonly host: string;
  readonly port: number;
  /** One of PgBouncer's `admin_users`. */
  readonly user: string;
  /** In libpq's pgpass format; its line may name the database `pgbouncer`. */
  readonly passwordFile?: string | undefined;
  /** The file with the [databases] section; an `%include`d one where that holds it. */
  readonly iniFile: string;
}

export type ConsoleRow = Readonly<Record<string, string | number | null>>;

/** A session on the admin console. */
export interface Console {
  /** Runs one command; the rows of a SHOW. Rejects after `timeoutMs` without an answer. */
  command(
    text: string,
    options?: { readonly timeoutMs?: number | undefined },
  ): Promise<readonly ConsoleRow[]>;
}

const CONSOLE_TIMEOUT_MS = 10_000;
/** SHOW VERSION is a row since 1.12; 2.x does not exist yet and may mean other things by the same words. */
const VERSION = /^PgBouncer 1\.(\d+)/;
const MINOR_MIN = 12;

/**
 * Opens a session on the admin console for the length of `work`. Not `connect` of postgres/: the console knows neither
 * the startup parameter `options` nor the extended query protocol.
 *
 * @throws Failed `connection-failed`; Refused `pgbouncer-unknown` where something else, or a version that is not known, answers.
 */
export async function withConsole<T>(pooler: Pgbouncer, work: (console: Console) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    host: pooler.host,
    port: pooler.port,
    user: pooler.user,
    database: 'pgbouncer',
    password: passwordFor({ ...pooler, database: 'pgbouncer' }),
    application_name: 'roundtrip',
    connectionTimeoutMillis: CONSOLE_TIMEOUT_MS,
  });
  // A session that is cut raises here; whoever waits for an answer is told by its command.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    throw new Failed({
      code: 'connection-failed',
      seen: `console of PgBouncer at ${pooler.host}:${pooler.port} as ${pooler.user}: ${(cause as Error).message}`,
      expected: 'a session',
      next: 'check host, port, password file and `admin_users` of PgBouncer',
      cause,
    });
  }
  const console: Console = {
    command: (text, { timeoutMs = CONSOLE_TIMEOUT_MS } = {}) => run(client, text, timeoutMs),
  };
  try {
    await requireKnownVersion(console, pooler);
    return await work(console);
  } finally {
    // With a command that was not answered, pg cuts the session and does not wait for it.
    await client.end();
  }
}

async function run(client: pg.Client, text: string, timeoutMs: number): Promise<readonly ConsoleRow[]> {
  // `query_timeout` is pg's own; its types know it of a client alone.
  const config = { text, query_timeout: timeoutMs } as pg.QueryConfig;
  try {
    return (await client.query<Record<string, string | number | null>>(config)).rows;
  } catch (cause) {
    throw new Failed({
      code: 'pgbouncer-refused',
      seen: `PgBouncer answered "${text}" with: ${(cause as Error).message}`,
      expected: 'the command to be carried out',
      next: "look at PgBouncer's log and at `SHOW DATABASES` on its console",
      cause,
    });
  }
}

async function requireKnownVersion(console: Console, pooler: Pgbouncer): Promise<void> {
  const rows = await console.command('SHOW VERSION').catch((error: Error) => [{ version: error.message }]);
  const version = String(rows[0]?.version ?? '');
  const minor = Number(VERSION.exec(version)?.[1] ?? -1);
  if (minor >= MINOR_MIN) return requireOneProcess(console, pooler);
  throw new Refused({
    code: 'pgbouncer-unknown',
    seen: `${pooler.host}:${pooler.port} says it is ${JSON.stringify(version)}`,
    expected: `PgBouncer 1.${MINOR_MIN} or a later 1.x`,
    next: 'correct the address of the console, or switch by renaming databases',
  });
}

/** With `so_reuseport` any of several processes may answer: one would be paused and another pointed elsewhere. */
async function requireOneProcess(console: Console, pooler: Pgbouncer): Promise<void> {
  if (pooler.host.startsWith('/')) return;
  const settings = await console.command('SHOW CONFIG');
  const shared = settings.find(({ key }) => key === 'so_reuseport');
  if (String(shared?.value ?? '0') !== '1') return;
  throw new Refused({
    code: 'pgbouncer-unknown',
    seen: `${pooler.host}:${pooler.port} is shared by several processes (so_reuseport)`,
    expected: 'an address that always reaches the same process',
    next: 'name each process by the folder of its own Unix socket as `host`, and switch all of them',
  });
}
