import { readFileSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { Failed } from '../errors.ts';

/** How to reach one database. No password: that stays in a file in libpq's pgpass format, mode 0600. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly passwordFile?: string | undefined;
}

export interface SessionOptions {
  /** Shown in pg_stat_activity: by it our own surviving sessions are found after a crash. */
  readonly applicationName: string;
  readonly statementTimeoutMs?: number | undefined;
  readonly lockTimeoutMs?: number | undefined;
  readonly connectTimeoutMs?: number | undefined;
  /** A walsender bound to the database instead of an ordinary session: takes replication commands. */
  readonly replication?: 'database' | undefined;
}

export type Client = pg.Client;

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * What a role or a database may have by default to guard the application, and what our sessions must not have: one that
 * exports a snapshot or holds a lock is idle for as long as a dump takes, and a guard of operators against their own
 * mistakes would refuse the first bookkeeping of a rollback. pg_dump and pg_restore free themselves of the like, but not
 * of all of it.
 */
export const UNGUARDED = [
  'default_transaction_read_only=off',
  'idle_in_transaction_session_timeout=0',
  'idle_session_timeout=0',
];

/** Settings that change how values are shown or found: pinned, so that two sessions print the same row alike. */
const PINNED = [
  'TimeZone=UTC',
  'DateStyle=ISO,YMD',
  'IntervalStyle=postgres',
  'extra_float_digits=1',
  'bytea_output=hex',
];

/**
 * Opens a session. The caller ends it. A server that is just starting is waited for, `connectTimeoutMs` at most.
 *
 * @throws Failed `connection-failed`, naming host, port and database, never the password.
 */
export async function connect(address: DatabaseAddress, options: SessionOptions): Promise<Client> {
  return connectWith(address, passwordFor(address), options);
}

/**
 * Opens a session in another database of the server of one that is open, as the same role. The caller ends it.
 *
 * @throws Failed `connection-failed`.
 * @example const scratch = await connectBeside(admin, 'shop_scratch', { applicationName: 'counting' });
 */
export async function connectBeside(
  client: Client,
  database: string,
  options: SessionOptions,
): Promise<Client> {
  const { host, port, user = '', password } = client;
  return connectWith({ host, port, user, database }, password, options);
}

async function connectWith(
  address: DatabaseAddress,
  password: string | undefined,
  options: SessionOptions,
): Promise<Client> {
  const settings = [
    ...PINNED,
    ...UNGUARDED,
    `lock_timeout=${options.lockTimeoutMs ?? 0}`,
    `statement_timeout=${options.statementTimeoutMs ?? 0}`,
  ];
  const config: pg.ClientConfig & { replication?: string | undefined } = {
    host: address.host,
    port: address.port,
    user: address.user,
    database: address.database,
    password,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    options: settings.map((setting) => `-c ${setting}`).join(' '),
    keepAlive: true,
    replication: options.replication,
  };
  try {
    return await openSession(config, performance.now() + (options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS));
  } catch (cause) {
    const { message } = cause as Error;
    throw new Failed({
      code: 'connection-failed',
      seen: `${address.host}:${address.port}/${address.database} as ${address.user}: ${message}`,
      expected: 'a session',
      next: afterRefusedSession(message, address.database),
      cause,
    });
  }
}

function afterRefusedSession(message: string, database: string): string {
  // The server knows every parameter that we send; PgBouncer refuses those that it does not pass on.
  if (/startup parameter/.test(message))
    return "a pooler stands between: give the target the server's own address; clients may stay behind the pooler";
  if (/not currently accepting connections/.test(message))
    return `it is closed: by a switch that was interrupted (\`roundtrip status\`, then resume), or because a rollback has put it aside; that one is opened by: psql -d postgres -c 'ALTER DATABASE "${database}" ALLOW_CONNECTIONS true'`;
  return 'check host, port, password file and pg_hba.conf of the target';
}

/** "The database system is starting up": after a crash of any backend, for as long as the WAL is replayed. */
const STARTING = '57P03';
const STARTING_AGAIN_MS = 200;

async function openSession(config: pg.ClientConfig, untilMs: number): Promise<Client> {
  for (;;) {
    const client = new pg.Client(config);
    // A session that is cut while idle raises here; the next query on it reports the loss to whoever waits.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      const isStarting = error instanceof Error && 'code' in error && error.code === STARTING;
      if (!isStarting || performance.now() + STARTING_AGAIN_MS > untilMs) throw error;
      await delay(STARTING_AGAIN_MS);
    }
  }
}

/**
 * Opens a session for the length of `work`.
 *
 * @example await withClient(address, { applicationName: 'counting' }, (client) => client.query('SELECT count(*) FROM orders'))
 */
export async function withClient<T>(
  address: DatabaseAddress,
  options: SessionOptions,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connect(address, options);
  try {
    return await work(client);
  } finally {
    await endSession(client);
  }
}

/** Ends the transaction after an error. A lost session has done so by itself, and the error before it is the one that says so. */
export async function rollBack(client: Client): Promise<void> {
  await Promise.allSettled([client.query('ROLLBACK')]);
}

const END_TIMEOUT_MS = 1_000;

/** Ends a session, also one that the server has ended: that may never report its end, and nobody must wait for it. */
export async function endSession(client: Client): Promise<void> {
  await Promise.race([client.end(), delay(END_TIMEOUT_MS, undefined, { ref: false })]);
}

/**
 * Variables for PostgreSQL's own programs and for commands of the application. Never PGPASSWORD: `ps` can show it.
 *
 * @example spawn('psql', ['-X'], { env: { ...process.env, ...toolEnvironment(address, { applicationName: 'counting' }) } })
 */
export function toolEnvironment(
  address: DatabaseAddress,
  options: { readonly applicationName: string },
): Record<string, string> {
  return {
    PGHOST: address.host,
    PGPORT: String(address.port),
    PGUSER: address.user,
    PGDATABASE: address.database,
    PGAPPNAME: options.applicationName,
    ...(address.passwordFile === undefined ? {} : { PGPASSFILE: address.passwordFile }),
  };
}

/** Every password of a pgpass file: what must never leave the process. */
export function readPasswords(passwordFile: string): string[] {
  return pgpassLines(passwordFile)
    .map((fields) => fields[4] ?? '')
    .filter((password) => password !== '');
}

/** The password that the address's file has for it; undefined when it names no file. */
export function passwordFor(address: DatabaseAddress): string | undefined {
  if (address.passwordFile === undefined) return undefined;
  const wanted = [address.host, String(address.port), address.database, address.user];
  const line = pgpassLines(address.passwordFile).find((fields) =>
    wanted.every((value, index) => fields[index] === '*' || fields[index] === value),
  );
  if (line?.[4] !== undefined) return line[4];
  throw new Failed({
    code: 'connection-failed',
    seen: `no line of ${address.passwordFile} fits ${wanted.join(':')}`,
    expected: 'one for this host, port, database and user, or with * in their places',
    next: 'add the line, or leave `passwordFile` out where the server asks for no password',
  });
}

/** Fields are separated by ":"; "\:" and "\\" stand for themselves (libpq, "The Password File"). */
function pgpassLines(file: string): string[][] {
  let text: string;
  let mode: number;
  try {
    text = readFileSync(file, 'utf8');
    mode = statSync(file).mode;
  } catch (cause) {
    throw new Failed({
      code: 'password-file-unreadable',
      seen: `${file}: ${(cause as Error).message}`,
      expected: 'a file in pgpass format',
      next: 'correct `passwordFile` of the target',
      cause,
    });
  }
  // libpq ignores such a file: our sessions would open and pg_dump's would not.
  if ((mode & 0o077) !== 0)
    throw new Failed({
      code: 'password-file-open',
      seen: `${file} has mode ${(mode & 0o777).toString(8)}`,
      expected: '600: readable by nobody else',
      next: `chmod 600 ${file}`,
    });
  return text
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(pgpassFields);
}

function pgpassFields(line: string): string[] {
  const fields = [''];
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === ':') {
      fields.push('');
      continue;
    }
    if (line[at] === '\\' && at + 1 < line.length) at += 1;
    fields[fields.length - 1] += line[at] ?? '';
  }
  return fields.slice(0, 5);
}
