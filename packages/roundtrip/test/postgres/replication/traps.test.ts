/**
 * The traps of PostgreSQL that the side-by-side strategy steps around. Each has a test that fails when its handling is
 * taken out; "trap:" in a test's name says that it is one of them.
 *
 * | trap | test |
 * |---|---|
 * | CREATE DATABASE … TEMPLATE refuses a source with sessions | here: a copy is made of a database that is in use |
 * | CREATE SUBSCRIPTION within one cluster hangs | here: a subscription within one cluster |
 * | making a slot waits for any old transaction of the cluster | reverse: an old transaction of another database |
 * | apply checks no foreign key, convalidated stays true | here: a foreign key that the stream broke; reverse: a row that points at nothing |
 * | superusers ignore limits; only a closed door and no session left is a fence | fence-and-switch: a fence holds, two databases exchange places |
 * | lag against sent_lsn can read 0 | drain: a drain does not end before the last change is applied |
 * | sequences do not replicate | preflight: sequences are moved on; here: numbers go on |
 * | a published table without replica identity | preflight: what a table lacks; switch-faults: a new schema that the way back cannot follow |
 * | rows missing on the subscriber are skipped silently | reverse: a row that is missing; side-by-side: a copy that lacks a row |
 * | an additive column breaks the reverse stream | reverse: a column that the new release adds later |
 * | both directions at once loop | preflight: a stream that would loop; here: one direction is left |
 * | one subscription a table loses the order between tables | here: a transaction over two tables arrives whole |
 * | a rename needs zero sessions, and fails after 5 s | reverse: a rename fails while the stream is there; switch-faults: a rename that somebody holds up |
 * | after a name swap an old dbname points at itself | here: one direction is left, to the new one |
 * | a forgotten slot fills the disk | preflight: a slot that nobody reads; switch-faults: a copy that a killed switch left |
 * | poolers and workers keep dead connections | here: nobody stays on the old database (the pooler itself: services/pgbouncer) |
 * | a lost connection during COMMIT or RENAME | switch-faults: the session of the switch is lost; lost while it renames; a rename of a killed process |
 * | XOR and count cannot tell {a,a,b} from {c,c,b}; texts depend on settings | postgres/fingerprint: the order of rows, the settings of a role |
 * | a CHECK function with an unqualified name restores its table empty | postgres/backup: a CHECK function |
 * | DDL is not replicated | ddl-guard; kill-switch: though its guard was removed; switch-faults: DDL after the last look |
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { connect, withClient } from '../../../src/postgres/connection.ts';
import { armReverse, drainTo, switchToCopy } from '../../../src/postgres/replication/index.ts';
import { begunCopy } from './begun-copy.ts';
import { eventually, PROTECTED, reverseShop } from './reverse-shop.ts';

let cluster: PrivateCluster;
const folder = mkdtempSync(path.join(tmpdir(), 'traps-'));
before(async () => {
  cluster = await createCluster({
    name: 'traps',
    settings: {
      wal_retrieve_retry_interval: '200ms',
      max_replication_slots: '20',
      max_wal_senders: '20',
      max_logical_replication_workers: '20',
      max_worker_processes: '30',
    },
  });
});
after(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('trap: a copy is made of a database that is in use, which no template can be', async () => {
  const { shop, options } = await begunCopy(cluster, {
    folder,
    name: 'in_use',
    // A customer's session with an open transaction, all the while.
    during: async (live) => {
      const customer = await connect(live, { applicationName: 'customer' });
      await customer.query('BEGIN; SELECT count(*) FROM orders');
      await assert.rejects(
        cluster.query(`CREATE DATABASE from_template TEMPLATE ${live.database}`),
        /is being accessed by other users/,
      );
      return () => customer.end();
    },
  });
  assert.equal(options.begun.ddlRefused, true);
  await assert.rejects(shop.onLive('ALTER TABLE orders ADD more int'), /DDL is refused/);
  await cluster.query('ALTER TABLE orders ADD more int', [], options.copyDatabase);
  const count = 'SELECT count(*)::int AS n FROM orders';
  const { rows } = await cluster.query(count, [], options.copyDatabase);
  assert.deepEqual(rows, (await shop.onLive(count)).rows);
});

test('trap: a subscription within one cluster, which hangs when it makes its own slot', async () => {
  const { live, return: back, onLive, onReturn } = await reverseShop(cluster);
  await onLive('CREATE PUBLICATION trap FOR TABLE orders');
  const connection = `host=127.0.0.1 port=${live.port} user=${live.user} dbname=${live.database} password=${cluster.password}`;
  await withClient(back, { applicationName: 't', statementTimeoutMs: 1_500 }, (subscriber) =>
    assert.rejects(
      subscriber.query(
        `CREATE SUBSCRIPTION trap CONNECTION '${connection}' PUBLICATION trap WITH (copy_data = false)`,
      ),
      /statement timeout/,
    ),
  );
  const armed = await armReverse({
    live,
    return: back,
    tables: ['orders'],
    name: 'one_cluster',
    timeoutMs: 20_000,
  });
  await onLive(`INSERT INTO orders (user_id, note) VALUES (1, 'there')`);
  await eventually(
    async () => (await onReturn(`SELECT FROM orders WHERE note = 'there'`)).rowCount === 1,
    `${armed.stream.name} carries`,
  );
});

test('trap: a foreign key that the stream broke on the copy, and that calls itself valid, refuses the switch', async () => {
  const { shop, options } = await begunCopy(cluster, { folder, name: 'broken_key' });
  const onCopy = (text: string) => cluster.query(text, [], options.copyDatabase);
  // The new schema: items point at SKUs. An item of an SKU that is not there yet comes in through the stream.
  await onCopy(
    'CREATE TABLE skus (id int PRIMARY KEY); INSERT INTO skus SELECT generate_series(1, 100); ALTER TABLE order_items ADD CONSTRAINT item_sku FOREIGN KEY (product_id) REFERENCES skus',
  );
  await shop.onLive(`INSERT INTO order_items (order_id, product_id, name) VALUES (1, 9001, 'unknown')`);
  await assert.rejects(switchToCopy(options), (error) => {
    const { code, fields } = error as { code?: string; fields?: { differing: unknown[]; broken: unknown[] } };
    assert.equal(code, 'sides-differ');
    assert.deepEqual(fields?.differing, []);
    assert.match(JSON.stringify(fields?.broken), /item_sku.*9001/);
    return true;
  });
  const { rows } = await onCopy(`SELECT convalidated FROM pg_constraint WHERE conname = 'item_sku'`);
  assert.equal(rows[0].convalidated, true, 'the catalogue says nothing of it');
  await shop.onLive('INSERT INTO orders (user_id) VALUES (1)');
});

test('trap: a transaction over two tables arrives whole: one subscription for all of them', async () => {
  const shop = await reverseShop(cluster);
  const { stream } = await armReverse({ ...shop, tables: PROTECTED, name: 'whole', timeoutMs: 20_000 });
  const { rows } = await shop.onReturn(
    `SELECT count(DISTINCT srsubid)::int AS subscriptions, count(*)::int AS tables FROM pg_subscription_rel`,
  );
  assert.deepEqual(rows[0], { subscriptions: 1, tables: PROTECTED.length + 1 });
  await withClient(shop.return, { applicationName: 'lock' }, async (lock) => {
    await lock.query('BEGIN; LOCK TABLE order_items IN SHARE MODE');
    await shop.onLive(
      `WITH o AS (INSERT INTO orders (user_id, note) VALUES (1, 'whole') RETURNING id) INSERT INTO order_items (order_id, name) SELECT id, 'whole' FROM o`,
    );
    await eventually(
      async () =>
        (await shop.onReturn(`SELECT FROM pg_locks WHERE relation = 'order_items'::regclass AND NOT granted`))
          .rowCount === 1,
      'the item waits for the lock',
    );
    assert.equal((await shop.onReturn(`SELECT FROM orders WHERE note = 'whole'`)).rowCount, 0);
    await lock.query('COMMIT');
  });
  await withClient(shop.live, { applicationName: 't' }, (publisher) =>
    withClient(shop.return, { applicationName: 't' }, (subscriber) =>
      drainTo({ publisher, subscriber }, stream, { timeoutMs: 20_000 }),
    ),
  );
  assert.equal((await shop.onReturn(`SELECT FROM order_items WHERE name = 'whole'`)).rowCount, 1);
});

test('trap: after a switch nobody is on the old database, numbers go on, and one direction is left, to the new one', async () => {
  const { shop, options } = await begunCopy(cluster, { folder, name: 'after' });
  // The sequence of the copy knows nothing of these.
  await shop.onLive('INSERT INTO orders (user_id) SELECT 1 FROM generate_series(1, 50)');
  const stale = await connect(shop.live, { applicationName: 'application worker' });
  const { reverse } = await switchToCopy(options);
  await assert.rejects(stale.query(`INSERT INTO orders (user_id, note) VALUES (1, 'stale')`));
  await stale.end();
  const onBack = (text: string) => cluster.query(text, [], options.returnDatabase);
  const { rows: sessions } = await cluster.query(
    `SELECT application_name AS name FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`,
    [options.returnDatabase],
  );
  assert.deepEqual(
    sessions.filter(({ name }) => !String(name).startsWith('roundtrip')),
    [],
  );
  // Both databases share the catalogue of subscriptions: each row says whose it is.
  const { rows: subscriptions } = await onBack(
    `SELECT d.datname AS inside, s.subconninfo AS connection, s.subenabled AS enabled FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
     WHERE d.datname IN ('${shop.live.database}', '${options.returnDatabase}')`,
  );
  assert.equal(subscriptions.length, 1, 'one direction');
  assert.equal(subscriptions[0].inside, options.returnDatabase);
  assert.match(subscriptions[0].connection, new RegExp(`dbname='${shop.live.database}'`));
  const { rows: slots } = await cluster.query(
    `SELECT database, active FROM pg_replication_slots WHERE slot_name IN ($1, $2)`,
    [reverse.slot, options.begun.stream.slot],
  );
  assert.deepEqual(slots, [{ database: shop.live.database, active: true }]);
  // The new schema is nobody's copy: DDL goes on.
  await onBack('CREATE TABLE notes (id int)');
  await shop.onLive('CREATE TABLE notes (id int)');
  // Written once, it is there once on each side and does not come back.
  const { rows: ids } = await shop.onLive(
    `INSERT INTO orders (user_id, note) VALUES (1, 'once') RETURNING id > (SELECT max(id) FROM orders) AS free`,
  );
  assert.equal(ids[0].free, true);
  const written = async (database: string) =>
    (await cluster.query(`SELECT FROM orders WHERE note = 'once'`, [], database)).rowCount;
  await eventually(async () => (await written(options.returnDatabase)) === 1, 'the way back carries it');
  assert.equal(await written(shop.live.database), 1);
});
