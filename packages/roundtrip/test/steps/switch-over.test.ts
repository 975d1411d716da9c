import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import type { JsonObject } from '../../src/json.ts';
import { inspectPooled } from '../../src/services/pgbouncer.ts';
import type { PooledTraffic, Traffic } from '../../src/services/traffic.ts';
import { copyBeside, copyBesideKind } from '../../src/steps/copy-beside.ts';
import type { StepContext, StepKind } from '../../src/steps/step-kind.ts';
import { switchOver, switchOverKind } from '../../src/steps/switch-over.ts';
import { copyDatabaseName } from '../../src/steps/target-databases.ts';
import { freePort } from '../services/free-port.ts';
import { type RealProgram, startProgram } from '../services/real-program.ts';
import { stepContext } from '../services/step-context.ts';
import { daemonFolder, unprivileged } from '../services/unprivileged.ts';

let cluster: PrivateCluster;
let program: RealProgram;
let traffic: PooledTraffic;
let runDirectory: string;
let writing: Writing | undefined;
const folder = daemonFolder('switch-over');

before(async () => {
  cluster = await createCluster({ name: 'switch-over', settings: { wal_retrieve_retry_interval: '100ms' } });
  const passwordFile = path.join(folder, 'pgpass');
  const iniFile = path.join(folder, 'pgbouncer.ini');
  writeFileSync(passwordFile, `*:*:*:postgres:${cluster.password}\n`, { mode: 0o600 });
  writeFileSync(path.join(folder, 'users.txt'), `"postgres" "${cluster.password}"\n`);
  const port = await freePort();
  traffic = {
    kind: 'pgbouncer',
    pooled: 'front',
    host: '127.0.0.1',
    port,
    user: 'postgres',
    passwordFile,
    iniFile,
  };
  writeFileSync(
    iniFile,
    `[databases]
front = host=127.0.0.1 port=${cluster.port} dbname=shop pool_size=5
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${folder}/users.txt
admin_users = postgres
pool_mode = transaction
`,
    { mode: 0o640 },
  );
  const user = unprivileged();
  if (user !== undefined) chownSync(iniFile, user.uid, user.gid);
  const ready = () => inspectPooled(traffic, { database: 'front' });
  program = await startProgram({ argv: ['pgbouncer', iniFile], ready, user });
});
after(async () => {
  await program.stop();
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  runDirectory = mkdtempSync(path.join(tmpdir(), 'switch-over-'));
  await cluster.query('CREATE DATABASE shop');
  await cluster.query('CREATE TABLE orders (id bigserial PRIMARY KEY, total int)', [], 'shop');
});
afterEach(async () => {
  await writing?.stop();
  writing = undefined;
  rmSync(runDirectory, { recursive: true, force: true });
});

interface Writing {
  readonly acknowledged: readonly string[];
  readonly errors: readonly Error[];
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Customers of a shop behind PgBouncer: sessions of theirs stay open all the time, and any error counts. */
function writeThrough(port: number, clients: number): Writing {
  const acknowledged: string[] = [];
  const errors: Error[] = [];
  let stopped = false;
  const customer = async (): Promise<void> => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      database: 'front',
      password: cluster.password,
    });
    client.on('error', (error) => errors.push(error));
    await client.connect();
    while (!stopped) {
      const { rows } = await client.query<{ id: string }>(
        'INSERT INTO orders (total) VALUES (1) RETURNING id::text',
      );
      acknowledged.push(String(rows[0]?.id));
      await delay(2);
    }
    await client.end();
  };
  const all = Array.from({ length: clients }, () =>
    customer().catch((error: Error) => {
      errors.push(error);
    }),
  );
  return {
    acknowledged,
    errors,
    more: async (count) => {
      const enough = acknowledged.length + count;
      for (const deadline = Date.now() + 30_000; acknowledged.length < enough; await delay(5))
        assert.ok(
          Date.now() < deadline && errors.length === 0,
          `${acknowledged.length} orders, ${errors[0]}`,
        );
    },
    stop: async () => {
      stopped = true;
      await Promise.all(all);
    },
  };
}

/** The two steps of one run, with what they note and leave as evidence. */
function runOf({ traffic: between }: { readonly traffic: Traffic }) {
  const copying = copyBeside({ tables: ['orders'] });
  const switching = switchOver({ traffic: between });
  const evidence: Record<string, JsonObject> = {};
  const noted: Record<string, Record<string, JsonObject>> = {};
  const contextOf = (act: string, step: typeof copying): StepContext => {
    const marks: Record<string, JsonObject> = noted[act] ?? {};
    noted[act] = marks;
    return stepContext(step, {
      plan: {
        protectedTables: [],
        target: {
          name: 'production',
          environment: 'production',
          database: cluster.address('shop'),
          settings: {},
        },
      } as unknown as StepContext['plan'],
      runId: 'run-ab12',
      runDirectory,
      marks,
      marksOfDo: noted[`do:${step.id}`] ?? {},
      evidenceOf: (id) => evidence[id] ?? {},
      evidenceOfKind: (kind) => evidence[kind] ?? {},
      mark: (name, data) => {
        marks[name] = data;
      },
    });
  };
  const act = async (kind: StepKind, step: typeof copying): Promise<void> => {
    evidence[step.id] = await kind.do(contextOf(`do:${step.id}`, step), step.args);
    await kind.verify(contextOf(`do:${step.id}`, step), step.args);
  };
  return {
    copy: () => act(copyBesideKind, copying),
    copyName: copyDatabaseName(contextOf('none', copying)),
    switchOver: () => act(switchOverKind, switching),
    back: async (): Promise<JsonObject> =>
      (await switchOverKind.undo?.(contextOf('undo', switching), switching.args)) ?? {},
    removeCopy: () => copyBesideKind.undo?.(contextOf('undo-copy', copying), copying.args),
    evidence,
  };
}

async function lost(acknowledged: readonly string[]): Promise<unknown[]> {
  const { rows } = await cluster.query(
    'SELECT id FROM unnest($1::bigint[]) AS a (id) WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = a.id)',
    [acknowledged],
    'shop',
  );
  return rows;
}

async function end(run: ReturnType<typeof runOf>): Promise<void> {
  await writing?.stop();
  await run.removeCopy();
  const { rows } = await cluster.query(`SELECT datname FROM pg_database WHERE datname LIKE 'shop%'`);
  for (const { datname } of rows) await cluster.query(`DROP DATABASE "${datname}" WITH (FORCE)`);
}

describe('switchOver', () => {
  it('behind PgBouncer: no customer sees an error, in the switch or in the rollback, and no order is lost', async (context) => {
    const run = runOf({ traffic });
    writing = writeThrough(traffic.port, 6);
    await run.copy();
    await cluster.query('ALTER TABLE orders ADD COLUMN variant text', [], run.copyName);
    await run.switchOver();
    await writing.more(200);
    const migrated = await cluster.query(
      `SELECT count(*)::int AS n FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'variant'`,
      [],
      'shop',
    );
    assert.equal(migrated.rows[0].n, 1);
    const back = await run.back();
    await writing.more(200);
    await writing.stop();
    assert.deepEqual(writing.errors, []);
    assert.deepEqual(await lost(writing.acknowledged), []);
    context.diagnostic(
      `${writing.acknowledged.length} orders; held ${run.evidence['switch-over']?.gapMs} ms and ${back.gapMs} ms`,
    );
    await end(run);
  });

  it('lets customers go on the old database where the switch fails behind PgBouncer', async () => {
    const run = runOf({ traffic });
    writing = writeThrough(traffic.port, 2);
    await run.copy();
    // A row that came from nowhere: the sides differ, and the switch refuses.
    await cluster.query('INSERT INTO orders (id, total) VALUES (999999, 1)', [], run.copyName);
    await assert.rejects(run.switchOver(), { code: 'sides-differ' });
    await writing.more(50);
    assert.equal((await inspectPooled(traffic, { database: 'front' })).paused, false);
    assert.deepEqual(writing.errors, []);
    await end(run);
  });

  it('holds and lets go by commands of one’s own', async () => {
    const log = path.join(runDirectory, 'traffic.log');
    const say = (word: string) => ['sh', '-c', 'echo "$0" >> "$1"', word, log];
    const run = runOf({ traffic: { kind: 'command', hold: say('hold'), release: say('release') } });
    await run.copy();
    await run.switchOver();
    assert.deepEqual(readFileSync(log, 'utf8').trim().split('\n').slice(-3), ['hold', 'release', 'release']);
    await run.back();
    assert.ok(existsSync(log));
    await end(run);
  });
});
