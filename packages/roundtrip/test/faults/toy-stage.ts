import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { fingerprintTables } from '../../src/postgres/fingerprint.ts';
import {
  activateRelease,
  currentRelease,
  deployRelease,
  resolveRelease,
} from '../../src/services/git-release.ts';

const execute = promisify(execFile);

const SQL: Readonly<Record<string, string>> = {
  'legacy.sql': `
    CREATE TABLE products (id bigint PRIMARY KEY, name text NOT NULL, price numeric(10,2) NOT NULL);
    CREATE TABLE orders (id bigserial PRIMARY KEY, total numeric(10,2) NOT NULL);
    CREATE TABLE order_items (id bigserial PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders DEFERRABLE INITIALLY DEFERRED,
      product_id bigint NOT NULL CONSTRAINT items_product REFERENCES products DEFERRABLE INITIALLY DEFERRED, price numeric(10,2) NOT NULL);
    INSERT INTO products SELECT n, 'sku ' || n, n FROM generate_series(1, 9) n;
    INSERT INTO orders (total) SELECT n FROM generate_series(1, 50) n;
    INSERT INTO order_items (order_id, product_id, price) SELECT n, 1 + n % 9, n FROM generate_series(1, 50) n;`,
  'migrate.sql': `
    CREATE TABLE IF NOT EXISTS identities (id bigint PRIMARY KEY, name text NOT NULL);
    INSERT INTO identities SELECT id, name FROM products ON CONFLICT DO NOTHING;
    ALTER TABLE order_items DROP CONSTRAINT items_product, ADD CONSTRAINT items_product FOREIGN KEY (product_id) REFERENCES identities;`,
  'flush.sql': 'DELETE FROM products;',
  'broken-import.sql': 'INSERT INTO products SELECT 1, 2, 3, 4;',
  'import.sql': `INSERT INTO products SELECT n, 'good ' || n, 1 FROM generate_series(1, 3) n ON CONFLICT DO NOTHING;`,
};

/** What production is, seen from outside: the same after a killed and resumed run as after one that lived. */
export interface ToyState {
  readonly tables: Readonly<Record<string, string>>;
  readonly release: string;
  readonly running: readonly string[];
  readonly maintenance: boolean;
  readonly databases: readonly string[];
}

/** What a verb said and how it ended. */
export interface Verbal {
  readonly exitCode: number;
  readonly killed: boolean;
  /** The boundary at which it was killed. */
  readonly killedAt?: string | undefined;
  /** How many boundaries it passed, and their names; none where it was killed. */
  readonly boundaries: number;
  readonly names: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
}

/** A toy production for one kill point after the other. */
export interface ToyStage {
  readonly cluster: PrivateCluster;
  readonly folder: string;
  /** Puts production, releases, services and the state folder back to the beginning. */
  reset(): Promise<void>;
  /** Runs a verb in a child that is killed at the n-th boundary (0: lives), or at the first of these names that it comes to. */
  verb(killAt: number | readonly string[], ...argv: readonly string[]): Promise<Verbal>;
  look(): Promise<ToyState>;
  /** Drops the return database with its subscription, as someone who tidies up would. */
  dropReturnDatabase(): Promise<void>;
  close(): Promise<void>;
}

/** What is between the tool and the server: gives the port that the tool connects to. */
export interface ToyOptions {
  readonly between?: ((port: number) => Promise<number>) | undefined;
}

/** Builds the stage: a private cluster, two releases in git, a front door that obeys the maintenance flag. */
export async function buildToyStage(options: ToyOptions = {}): Promise<ToyStage> {
  const cluster = await createCluster({
    name: 'toy',
    // A stream that is begun anew waits for this long; five seconds a kill would be most of the suite's time.
    settings: { wal_retrieve_retry_interval: '100ms' },
  });
  const folder = mkdtempSync(path.join(tmpdir(), 'toy-'));
  const sql = path.join(folder, 'sql');
  mkdirSync(sql);
  for (const [name, text] of Object.entries(SQL)) writeFileSync(path.join(sql, name), text);
  const repository = await makeRepository(folder);
  const door = await openDoor(path.join(folder, 'maintenance'));
  await cluster.query('CREATE DATABASE toy_template');
  await cluster.query(SQL['legacy.sql'] ?? '', [], 'toy_template');
  const releases = { repository, directory: path.join(folder, 'releases') };
  const port = (await options.between?.(cluster.port)) ?? cluster.port;
  const target = {
    environment: 'production',
    database: { ...cluster.address('toy'), port },
    releases,
    settings: { folder, sql, baseUrl: `http://127.0.0.1:${(door.address() as AddressInfo).port}` },
  };
  const targets = path.join(folder, 'targets.json');
  const staging = {
    ...target,
    environment: 'staging',
    database: { ...cluster.address('toy_staging'), port },
    releases: { repository, directory: path.join(folder, 'staging-releases') },
  };
  writeFileSync(targets, JSON.stringify({ production: { ...target, staging: 'staging' }, staging }));
  const state = path.join(folder, 'state');

  const reset = async (): Promise<void> => {
    await dropStreams(cluster);
    for (const { name } of (
      await cluster.query(
        `SELECT datname AS name FROM pg_database WHERE datname LIKE 'toy%' AND datname <> 'toy_template'`,
      )
    ).rows) {
      await cluster.query(`DROP DATABASE "${name}" WITH (FORCE)`);
    }
    await cluster.query('CREATE DATABASE toy TEMPLATE toy_template');
    for (const part of ['state', 'releases', 'staging-releases', 'maintenance'])
      rmSync(path.join(folder, part), { recursive: true, force: true });
    mkdirSync(releases.directory);
    mkdirSync(staging.releases.directory);
    const { commit } = await resolveRelease({ repository, tag: 'v1' });
    const release = await deployRelease({
      repository,
      tag: 'v1',
      commit,
      releasesDirectory: releases.directory,
      timeoutMs: 10_000,
    });
    await activateRelease({ releasesDirectory: releases.directory, release: release.path });
    for (const service of ['api', 'worker']) writeFileSync(path.join(folder, `${service}.running`), '');
  };
  const verb: ToyStage['verb'] = (killAt, ...argv) =>
    runChild({
      killAt,
      // Another machine brings a folder of state of its own.
      argv: argv.includes('--state') ? argv : [...argv, '--state', state],
      variables: { TOY_TARGETS: targets },
    });
  const close = async (): Promise<void> => {
    door.close();
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    cluster,
    folder,
    reset,
    verb,
    look: () => lookAt(cluster, folder, releases.directory),
    dropReturnDatabase: () => dropReturn(cluster),
    close,
  };
}

async function runChild(options: {
  readonly killAt: number | readonly string[];
  readonly argv: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}): Promise<Verbal> {
  const { killAt, argv } = options;
  const at = typeof killAt === 'number' ? { number: killAt, names: [] } : { number: 0, names: killAt };
  const child = [path.join(import.meta.dirname, 'kill-child.ts'), String(at.number), ...argv];
  const env = { ...process.env, ...options.variables, KILL_AT: JSON.stringify(at.names) };
  try {
    const { stdout, stderr } = await execute(process.execPath, child, { env });
    return { exitCode: 0, killed: false, stdout, stderr, ...passedIn(stdout) };
  } catch (error) {
    const { code, signal, stderr, stdout } = error as {
      code: number | null;
      signal: string | null;
      stderr: string;
      stdout: string;
    };
    const killed = signal === 'SIGKILL';
    const said = stderr.split('\n').findLast((line) => line.startsWith('{"killedAt":'));
    const killedAt =
      killed && said !== undefined ? (JSON.parse(said) as { killedAt: string }).killedAt : undefined;
    return { exitCode: code ?? -1, killed, killedAt, stdout, stderr, ...passedIn(stdout) };
  }
}

function passedIn(stdout: string): Pick<Verbal, 'boundaries' | 'names'> {
  const line = stdout.split('\n').findLast((each) => each.startsWith('{"boundaries":'));
  const { boundaries, names } = JSON.parse(line ?? '{"boundaries":0,"names":[]}') as Verbal;
  return { boundaries, names };
}

async function lookAt(cluster: PrivateCluster, folder: string, releasesDirectory: string): Promise<ToyState> {
  const fingerprints = await fingerprintTables(cluster.address('toy'));
  const names = await cluster.query(
    `SELECT regexp_replace(datname, '_[0-9a-f]{4}$', '') AS name FROM pg_database WHERE datname LIKE 'toy%' ORDER BY 1`,
  );
  return {
    tables: Object.fromEntries(
      Object.entries(fingerprints)
        // The marker of the return stream is ours and differs from run to run.
        .filter(([table]) => !table.startsWith('roundtrip.'))
        .map(([table, { rows, digest }]) => [table, `${rows}:${digest}`]),
    ),
    release: (await currentRelease({ releasesDirectory }))?.tag ?? 'none',
    running: ['api', 'worker'].filter((name) => existsSync(path.join(folder, `${name}.running`))),
    maintenance: existsSync(path.join(folder, 'maintenance')),
    databases: names.rows.map(({ name }: { name: string }) => name),
  };
}

async function makeRepository(folder: string): Promise<string> {
  const repository = path.join(folder, 'repository');
  mkdirSync(repository);
  const git = (...argv: string[]) =>
    execute('git', ['-C', repository, '-c', 'user.name=toy', '-c', 'user.email=toy@example.com', ...argv]);
  await git('init', '-q');
  for (const version of ['v1', 'v2']) {
    writeFileSync(path.join(repository, 'version'), version);
    await git('add', '-A');
    await git('commit', '-qm', version);
    await git('tag', version);
  }
  return repository;
}

function openDoor(flag: string): Promise<Server> {
  const server = createServer((_request, response) => {
    response.statusCode = existsSync(flag) ? 503 : 200;
    response.end('{}');
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function dropReturn(cluster: PrivateCluster): Promise<void> {
  await dropSubscriptions(cluster);
  const { rows } = await cluster.query(
    `SELECT datname AS name FROM pg_database WHERE datname LIKE 'toy_return%'`,
  );
  for (const { name } of rows as { name: string }[])
    await cluster.query(`DROP DATABASE "${name}" WITH (FORCE)`);
}

/** What a run that was left standing keeps in the cluster: a database with a subscription or a slot is not dropped. */
async function dropStreams(cluster: PrivateCluster): Promise<void> {
  await dropSubscriptions(cluster);
  await cluster.query(
    'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active_pid IS NOT NULL',
  );
  for (let attempt = 0; ; attempt += 1) {
    try {
      await cluster.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots');
      return;
    } catch (error) {
      if (attempt === 50) throw error; // A walsender that was ended a moment ago still holds its slot.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function dropSubscriptions(cluster: PrivateCluster): Promise<void> {
  const { rows } = await cluster.query(
    'SELECT s.subname AS name, d.datname AS database FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid',
  );
  for (const { name, database } of rows as { name: string; database: string }[]) {
    await cluster.query(`ALTER SUBSCRIPTION "${name}" DISABLE`, [], database);
    await cluster.query(`ALTER SUBSCRIPTION "${name}" SET (slot_name = NONE)`, [], database);
    await cluster.query(`DROP SUBSCRIPTION "${name}"`, [], database);
  }
}
