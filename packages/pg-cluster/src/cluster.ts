import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { ClusterError } from './errors.ts';
import { findBinaries } from './find-binaries.ts';
import { freePort } from './free-port.ts';
import { initialiseCluster } from './initialise-cluster.ts';
import { idsOf, type UnprivilegedUser, unprivilegedUser } from './unprivileged-user.ts';
import { startWarden } from './warden.ts';

/** How to reach one database of a cluster. `passwordFile` is in libpq's pgpass format, mode 0600. */
export interface ClusterAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly passwordFile: string;
}

/** How a cluster differs from the usual one of a test. */
export interface ClusterOptions {
  /** Part of the folder's name, for people who look at `ps`. */
  readonly name?: string;
  /** Settings of postgresql.conf on top of the defaults (`wal_level=logical`, loopback, no archive). */
  readonly settings?: Readonly<Record<string, string>>;
  /** fsync on, as in production. Off by default: a test's cluster need not survive a power cut. */
  readonly durable?: boolean;
  /** How long one of three attempts to start may take. Default 30 s. */
  readonly startTimeoutMs?: number;
}

/** A running cluster that belongs to this process. */
export interface PrivateCluster {
  readonly directory: string;
  readonly socketDirectory: string;
  readonly port: number;
  readonly superuser: string;
  readonly binaries: string;
  /** Address of a database over loopback TCP with a password. */
  address(database?: string): ClusterAddress;
  /** The superuser's password, for tests that look for leaks of it. */
  readonly password: string;
  /** Runs one statement on a fresh connection (to `postgres` unless told otherwise). */
  query(text: string, values?: readonly unknown[], database?: string): Promise<pg.QueryResult>;
  /** Kills the server without any clean-up (SIGQUIT), as a crash would. */
  crash(): Promise<void>;
  /** Starts it again after `crash` or `stop({ keep: true })`. */
  start(): Promise<void>;
  /** Stops the server and, unless `keep`, removes every file. Idempotent. */
  stop(options?: { readonly keep?: boolean }): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;
const START_ATTEMPTS = 3;
/** A server that does not end by itself in this time is killed. */
const END_TIMEOUT_MS = 60_000;

/**
 * Makes and starts a private cluster in a temporary folder: loopback and a socket of its own only, SCRAM passwords,
 * `wal_level=logical`. It ends with this process on every exit path, SIGKILL included (see `startWarden`).
 *
 * @throws ClusterError `binaries-missing`, `no-unprivileged-user`, `initdb-failed`, `start-failed`.
 * @example
 * const cluster = await createCluster({ name: 'demo' });
 * await cluster.query('CREATE DATABASE shop');
 * await cluster.stop();
 */
export async function createCluster(options: ClusterOptions = {}): Promise<PrivateCluster> {
  const binaries = findBinaries();
  const user = unprivilegedUser();
  const directory = mkdtempSync(path.join(tmpdir(), `pg-${options.name ?? 'cluster'}-`));
  const socketDirectory = path.join(directory, 'socket');
  const data = path.join(directory, 'data');
  for (const folder of [directory, socketDirectory, data]) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, folder === directory ? 0o711 : 0o700);
    if (user) chownSync(folder, user.uid, user.gid);
  }
  const password = randomBytes(18).toString('base64url');
  const passwordFile = path.join(directory, 'pgpass');
  writeFileSync(passwordFile, `*:*:*:postgres:${password}\n`, { mode: 0o600 });
  const warden = startWarden({ binaries, directory });
  const cluster = new Cluster({
    binaries,
    user,
    directory,
    socketDirectory,
    data,
    password,
    passwordFile,
    warden,
    options,
  });
  try {
    await initialiseCluster({ binaries, data, directory, password, user });
    await cluster.start();
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

interface ClusterParts {
  readonly binaries: string;
  readonly user: UnprivilegedUser | undefined;
  readonly directory: string;
  readonly socketDirectory: string;
  readonly data: string;
  readonly password: string;
  readonly passwordFile: string;
  readonly warden: ChildProcess;
  readonly options: ClusterOptions;
}

class Cluster implements PrivateCluster {
  readonly superuser = 'postgres';
  readonly directory: string;
  readonly socketDirectory: string;
  readonly binaries: string;
  readonly password: string;
  port = 0;
  readonly #parts: ClusterParts;
  readonly #startTimeoutMs: number;
  #server: ChildProcess | undefined;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    this.#startTimeoutMs = parts.options.startTimeoutMs ?? START_TIMEOUT_MS;
    this.directory = parts.directory;
    this.socketDirectory = parts.socketDirectory;
    this.binaries = parts.binaries;
    this.password = parts.password;
  }

  address(database = 'postgres'): ClusterAddress {
    const { passwordFile } = this.#parts;
    return { host: '127.0.0.1', port: this.port, user: this.superuser, database, passwordFile };
  }

  async query(text: string, values: readonly unknown[] = [], database = 'postgres'): Promise<pg.QueryResult> {
    const { host, port, user } = this.address();
    const client = new pg.Client({
      host,
      port,
      user,
      database,
      password: this.password,
      // Not what PGSSLMODE says of the caller's own server: this one has no certificate, and would seem never to start.
      ssl: false,
      connectionTimeoutMillis: 5000,
    });
    client.on('error', () => undefined); // A crash of the server while idle; the awaited query reports its own error.
    await client.connect();
    try {
      return await client.query(text, [...values]);
    } finally {
      await client.end();
    }
  }

  /** Keeps the port of a first start, so that addresses handed out stay true; another one only if it was lost to a race. */
  async start(): Promise<void> {
    let lastLog = '';
    for (let attempt = 1; attempt <= START_ATTEMPTS; attempt += 1) {
      if (this.port === 0 || attempt > 1) this.port = await freePort();
      if (await this.#launch()) return;
      lastLog = this.#logTail();
      // One that is up and does not answer would not end by itself.
      this.#server?.kill('SIGQUIT');
      await this.#ended();
    }
    throw new ClusterError(
      'start-failed',
      `the server did not accept connections within ${this.#startTimeoutMs} ms: ${lastLog}`,
    );
  }

  async #launch(): Promise<boolean> {
    const { data, user, options, socketDirectory } = this.#parts;
    const durable = options.durable === true;
    const settings: Record<string, string> = {
      listen_addresses: '127.0.0.1',
      port: String(this.port),
      unix_socket_directories: socketDirectory,
      wal_level: 'logical',
      max_wal_senders: '20',
      max_replication_slots: '20',
      max_worker_processes: '24',
      max_logical_replication_workers: '12',
      max_connections: '120',
      shared_buffers: '256MB',
      max_wal_size: '2GB',
      checkpoint_timeout: '15min',
      fsync: durable ? 'on' : 'off',
      full_page_writes: durable ? 'on' : 'off',
      logging_collector: 'off',
      ...options.settings,
    };
    const argv = [
      '-D',
      data,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ];
    const log = path.join(this.directory, 'server.log');
    const shell = `exec "$0" "$@" >> '${log}' 2>&1`;
    writeFileSync(log, '', { flag: 'a', mode: 0o640 });
    if (user) chownSync(log, user.uid, user.gid);
    // Detached: a Ctrl-C on the terminal must reach the owner first, or rollback code would find no server.
    this.#server = spawn('sh', ['-c', shell, path.join(this.binaries, 'postgres'), ...argv], {
      cwd: '/',
      detached: true,
      stdio: 'ignore',
      ...idsOf(user),
    });
    this.#server.unref();
    return await this.#answers();
  }

  async #answers(): Promise<boolean> {
    const deadline = Date.now() + this.#startTimeoutMs;
    while (Date.now() < deadline && this.#server?.exitCode === null) {
      try {
        await this.query('SELECT 1');
        return true;
      } catch {
        // Not up yet (or up but still starting): the deadline and the child's exit bound this loop.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    return false;
  }

  #logTail(): string {
    return readFileSync(path.join(this.directory, 'server.log'), 'utf8').slice(-2000);
  }

  async #ended(): Promise<void> {
    const server = this.#server;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    // Unref'd while it runs, so that it keeps no process alive; waited for, it must.
    server.ref();
    const kill = setTimeout(() => server.kill('SIGKILL'), END_TIMEOUT_MS);
    await new Promise<void>((resolve) => server.once('exit', () => resolve()));
    clearTimeout(kill);
  }

  async crash(): Promise<void> {
    this.#server?.kill('SIGQUIT');
    await this.#ended();
  }

  async stop(options: { readonly keep?: boolean } = {}): Promise<void> {
    const { warden } = this.#parts;
    this.#server?.kill(options.keep === true ? 'SIGINT' : 'SIGQUIT');
    await this.#ended();
    if (options.keep === true || warden.exitCode !== null) return;
    const gone = new Promise<void>((resolve) => warden.once('exit', () => resolve()));
    warden.ref();
    warden.stdin?.end();
    await gone;
  }
}
