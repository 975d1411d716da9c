import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { Ambiguous, Failed, Refused } from '../../src/errors.ts';
import { type Client, connect } from '../../src/postgres/connection.ts';
import { suffixedName } from '../../src/postgres/database-name.ts';
import { dropDatabase } from '../../src/postgres/drop-database.ts';
import { closeDatabase, openDatabase } from '../../src/postgres/fence.ts';
import {
  databaseByOid,
  databaseOid,
  inspectSwitch,
  type NameExchange,
  switchNames,
} from '../../src/postgres/switch.ts';

let cluster: PrivateCluster;
let admin: Client;
before(async () => {
  cluster = await createCluster({ name: 'switch', settings: { max_prepared_transactions: '5' } });
  admin = await connect(cluster.address(), { applicationName: 'switch test' });
});
after(async () => {
  await admin.end();
  await cluster.stop();
});

let exchange: NameExchange;
beforeEach(async () => {
  for (const name of ['live', 'next', 'retired']) await dropDatabase(admin, name, { mustNotBe: [] });
  await admin.query('CREATE DATABASE live');
  await admin.query('CREATE DATABASE next');
  const [liveOid, nextOid] = [await databaseOid(admin, 'live'), await databaseOid(admin, 'next')];
  assert.ok(liveOid !== undefined && nextOid !== undefined);
  exchange = { liveName: 'live', liveOid, nextOid, retiredName: 'retired' };
});

/** Superuser clients that connect, write and connect again without end; `stop` tells what they got acknowledged. */
function insistentClients(count: number): {
  /** Waits until this many more writes were acknowledged. */
  readonly more: (writes: number) => Promise<void>;
  readonly stop: () => Promise<number>;
} {
  const ended = new AbortController();
  let acknowledged = 0;
  const clients = Array.from({ length: count }, async () => {
    while (!ended.signal.aborted) {
      const client = new pg.Client({
        host: '127.0.0.1',
        port: cluster.port,
        user: 'postgres',
        database: 'live',
        password: cluster.password,
      });
      client.on('error', () => undefined);
      try {
        await client.connect();
        for (let n = 0; n < 5; n += 1) {
          await client.query('INSERT INTO writes DEFAULT VALUES');
          acknowledged += 1;
        }
      } catch {
        await delay(1); // Turned away or cut off: what this client is there for.
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  });
  return {
    more: async (writes) => {
      const from = acknowledged;
      for (const deadline = Date.now() + 60_000; acknowledged < from + writes; await delay(5))
        assert.ok(Date.now() < deadline, `${acknowledged - from} of ${writes} writes in a minute`);
    },
    stop: async () => {
      ended.abort();
      await Promise.all(clients);
      return acknowledged;
    },
  };
}

test('trap: a fence holds against superusers who connect in a loop', async () => {
  await cluster.query('CREATE TABLE writes (id serial)', [], 'live');
  const inside = await connect(cluster.address('live'), { applicationName: 'inside' });
  const { rows } = await inside.query('SELECT pg_backend_pid() AS pid');
  const clients = insistentClients(8);
  await clients.more(40);
  await closeDatabase(admin, 'live', { timeoutMs: 10_000, spare: [rows[0].pid] });
  const count = async (): Promise<number> =>
    (await inside.query('SELECT count(*)::int AS n FROM writes')).rows[0].n;
  const fenced = await count();
  await delay(300);
  assert.equal(await count(), fenced, 'written behind the fence');
  const acknowledged = await clients.stop();
  assert.ok(acknowledged > 0 && fenced >= acknowledged, `${acknowledged} acknowledged, ${fenced} there`);
  await inside.end();
  await openDatabase(admin, 'live');
  assert.equal((await cluster.query('SELECT count(*)::int AS n FROM writes', [], 'live')).rows[0].n, fenced);
});

test('closing twice is closing once; a prepared transaction is named', async () => {
  await closeDatabase(admin, 'live', { timeoutMs: 5_000 });
  assert.deepEqual(await closeDatabase(admin, 'live', { timeoutMs: 5_000 }), { terminated: 0 });
  await openDatabase(admin, 'live');
  await cluster.query(`CREATE TABLE t (id int)`, [], 'live');
  const client = await connect(cluster.address('live'), { applicationName: 'two-phase' });
  await client.query('BEGIN');
  await client.query('INSERT INTO t VALUES (1)');
  await client.query(`PREPARE TRANSACTION 'later'`);
  await client.end();
  await assert.rejects(
    closeDatabase(admin, 'live', { timeoutMs: 5_000 }),
    /prepared transactions in live: later/,
  );
  await openDatabase(admin, 'live');
  await cluster.query(`ROLLBACK PREPARED 'later'`, [], 'live');
});

test('trap: two databases exchange places under clients that do not let go', async () => {
  await cluster.query('CREATE TABLE writes (id serial)', [], 'live');
  await cluster.query('CREATE TABLE writes (id serial)', [], 'next');
  const clients = insistentClients(4);
  await clients.more(20);
  const marks: string[] = [];
  const { gapMs } = await switchNames(admin, {
    ...exchange,
    timeoutMs: 20_000,
    journal: async (mark) => void marks.push(mark),
  });
  await clients.more(20);
  const acknowledged = await clients.stop();
  assert.deepEqual(marks, ['fencing', 'retired', 'renamed']);
  assert.ok(gapMs > 0);
  assert.equal(await databaseByOid(admin, exchange.liveOid), 'retired');
  assert.equal(await databaseByOid(admin, exchange.nextOid), 'live');
  await assert.rejects(cluster.query('SELECT 1', [], 'retired'), /not currently accepting connections/);
  const after = (await cluster.query('SELECT count(*)::int AS n FROM writes', [], 'live')).rows[0].n;
  await openDatabase(admin, 'retired');
  const before = (await cluster.query('SELECT count(*)::int AS n FROM writes', [], 'retired')).rows[0].n;
  assert.ok(after > 0, 'clients reached the new database');
  assert.ok(before + after >= acknowledged, `${acknowledged} acknowledged, ${before} + ${after} there`);
});

for (const [death, position] of [
  ['fencing', 'before'],
  ['retired', 'between'],
  ['renamed', 'after'],
] as const) {
  test(`killed at "${death}" the exchange is ${position} and a repetition ends it`, async () => {
    const doomed = await connect(cluster.address(), { applicationName: 'doomed' });
    const dying = switchNames(doomed, {
      ...exchange,
      timeoutMs: 20_000,
      journal: async (mark) => {
        if (mark !== death) return;
        await doomed.end();
        throw new Error('killed');
      },
    });
    await assert.rejects(dying, /killed/);
    assert.equal(await inspectSwitch(admin, exchange), position);
    for (let time = 0; time < 2; time += 1) {
      await switchNames(admin, { ...exchange, timeoutMs: 20_000, journal: async () => undefined });
      assert.equal(await inspectSwitch(admin, exchange), 'after');
      assert.equal(await databaseOid(admin, 'live'), exchange.nextOid);
      assert.equal(await databaseOid(admin, 'retired'), exchange.liveOid);
      assert.equal((await cluster.query('SELECT 1 AS one', [], 'live')).rows[0].one, 1);
    }
  });
}

test('a taken name and a missing next database are refused while clients are still served', async () => {
  const options = { ...exchange, timeoutMs: 5_000, journal: async () => undefined };
  await admin.query('CREATE DATABASE retired');
  await assert.rejects(
    switchNames(admin, options),
    (error) => error instanceof Refused && error.code === 'database-exists',
  );
  await dropDatabase(admin, 'retired', { mustNotBe: ['live'] });
  await assert.rejects(dropDatabase(admin, 'live', { mustNotBe: ['live'] }), { code: 'drop-forbidden' });
  await dropDatabase(admin, 'next', { mustNotBe: ['live'] });
  await assert.rejects(
    switchNames(admin, options),
    (error) => error instanceof Ambiguous || (error instanceof Failed && error.code === 'way-back-closed'),
  );
  assert.equal((await cluster.query('SELECT 1 AS one', [], 'live')).rows[0].one, 1);
});

test('a name that the server would cut down to that of production drops nothing', async () => {
  const production = 'интернет_магазин_спорттоваров_рф1a';
  assert.equal(Buffer.byteLength(production), 63);
  await admin.query(`CREATE DATABASE ${production}`);
  const oid = await databaseOid(admin, production);
  const scratch = suffixedName(production, '_return_ab12');
  await dropDatabase(admin, scratch, { mustNotBe: [production] });
  await assert.rejects(dropDatabase(admin, `${production}_return_ab12`, { mustNotBe: [production] }), {
    code: 'drop-forbidden',
  });
  assert.equal(await databaseOid(admin, production), oid);
  await admin.query(`CREATE DATABASE ${scratch}`);
  assert.ok((await databaseOid(admin, scratch)) !== undefined, 'it has the name that it was given');
  for (const name of [scratch, production]) await dropDatabase(admin, name, { mustNotBe: [] });
});

test('a copy is dropped with the subscriptions that its restore brought along, and their slot is left alone', async () => {
  await admin.query('CREATE DATABASE fed');
  // A publisher that nobody reaches: a drop that asks it for the slot fails.
  await cluster.query(
    `CREATE SUBSCRIPTION erp CONNECTION 'host=127.0.0.1 port=1 dbname=erp' PUBLICATION goods WITH (connect = false, slot_name = 'erp')`,
    [],
    'fed',
  );
  await closeDatabase(admin, 'fed', { timeoutMs: 10_000 });
  await dropDatabase(admin, 'fed', { mustNotBe: ['live'] });
  assert.equal(await databaseOid(admin, 'fed'), undefined);
});

test('names that fit no position are for a human', async () => {
  await admin.query('CREATE DATABASE stranger');
  await admin.query('ALTER DATABASE live RENAME TO elsewhere');
  await admin.query('ALTER DATABASE stranger RENAME TO live');
  await assert.rejects(
    inspectSwitch(admin, exchange),
    (error) => error instanceof Ambiguous && error.code === 'switch-unclear',
  );
  await dropDatabase(admin, 'elsewhere', { mustNotBe: [] });
});
