import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { Failed } from '../../../src/errors.ts';
import { type Client, connect } from '../../../src/postgres/connection.ts';
import { closeDatabase } from '../../../src/postgres/fence.ts';
import { beginCopy, type CopyBegun } from '../../../src/postgres/replication/begin-copy.ts';
import {
  disarmReverse,
  drainReverse,
  inspectReverse,
  openReverse,
} from '../../../src/postgres/replication/index.ts';
import { type SwitchToCopyOptions, switchToCopy } from '../../../src/postgres/replication/switch-to-copy.ts';
import { databaseOid, switchNames } from '../../../src/postgres/switch.ts';
import { insistentWriters } from './insistent-writers.ts';
import { eventually, PROTECTED, type ReverseShop, reverseShop } from './reverse-shop.ts';

let cluster: PrivateCluster;
let admin: Client;
const folder = mkdtempSync(path.join(tmpdir(), 'side-by-side-'));
before(async () => {
  cluster = await createCluster({ name: 'side', settings: { wal_retrieve_retry_interval: '200ms' } });
  admin = await connect(cluster.address(), { applicationName: 'side test' });
});
after(async () => {
  await admin.end();
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function begin(shop: ReverseShop, name: string): Promise<CopyBegun> {
  return beginCopy({
    source: shop.live,
    admin: cluster.address(),
    copyDatabase: `${shop.live.database}_copy`,
    tables: PROTECTED,
    name: `forward_${name}`,
    directory: path.join(folder, name),
    jobs: 2,
    slotTimeoutMs: 20_000,
    timeoutMs: 60_000,
  });
}

function switchOptions(shop: ReverseShop, begun: CopyBegun, name: string): SwitchToCopyOptions {
  return {
    source: shop.live,
    admin: cluster.address(),
    copyDatabase: `${shop.live.database}_copy`,
    begun,
    returnDatabase: `${shop.live.database}_return`,
    reverseName: `reverse_${name}`,
    fenceTimeoutMs: 10_000,
    timeoutMs: 20_000,
    journal: async () => undefined,
  };
}

/** Rolls back: the return database gets the live name, with everything that came since. */
async function rollBack(
  shop: ReverseShop,
  options: SwitchToCopyOptions,
  reverse: Awaited<ReturnType<typeof switchToCopy>>['reverse'],
) {
  const timeout = { timeoutMs: 20_000 };
  const back = { ...shop.live, database: options.returnDatabase };
  const sessions = await openReverse({ live: shop.live, return: back }, reverse, timeout);
  const startedMs = performance.now();
  await closeDatabase(admin, shop.live.database, { ...timeout, spare: sessions.sparePids });
  const drained = await drainReverse(sessions, reverse, timeout);
  const [live, returned] = [sessions.publishers[0], sessions.subscribers[0]];
  assert.ok(live !== undefined && returned !== undefined);
  await disarmReverse({ live, return: returned }, reverse, timeout);
  await sessions.end();
  await switchNames(admin, {
    liveName: shop.live.database,
    liveOid: options.begun.copyOid,
    nextOid: options.begun.sourceOid,
    retiredName: `${shop.live.database}_retired`,
    ...timeout,
    journal: async () => undefined,
  });
  return { drained, gapMs: performance.now() - startedMs };
}

test('trap: there and back under superusers who order without pause: no acknowledged order is lost', async (t) => {
  const shop = await reverseShop(cluster);
  const writers = insistentWriters(cluster, shop.live.database, 8);
  t.after(() => writers.stop());
  /** Waits until so many have ordered again as there are writers, twice over: the databases stay where they are meanwhile. */
  const moreOrders = async (): Promise<void> => {
    const before = writers.acknowledged.length;
    await eventually(async () => writers.acknowledged.length >= before + 16, 'orders are taken again');
  };
  const begun = await begin(shop, 'rush');
  assert.equal(begun.trust, 'T3');
  // The migration, on the copy, while orders come in.
  await cluster.query(
    `ALTER TABLE orders ADD source text NOT NULL DEFAULT 'web'; CREATE TABLE variants (id serial PRIMARY KEY, sku text); INSERT INTO variants (sku) VALUES ('s')`,
    [],
    `${shop.live.database}_copy`,
  );
  writers.longestGapMs();
  const options = switchOptions(shop, begun, 'rush');
  const switched = await switchToCopy(options);
  assert.deepEqual([switched.compared.differing, switched.compared.broken], [[], []]);
  await moreOrders();
  const switchGapMs = writers.longestGapMs();
  assert.equal(
    (await shop.onLive('SELECT count(*)::int AS n FROM variants')).rows[0].n,
    1,
    'clients are on the copy',
  );
  const inspected = await inspectReverse(
    { live: shop.live, return: { ...shop.live, database: options.returnDatabase } },
    switched.reverse,
  );
  assert.equal(inspected.verdict, 'open', inspected.reasons.join());
  const { drained, gapMs } = await rollBack(shop, options, switched.reverse);
  await moreOrders();
  const rollbackGapMs = writers.longestGapMs();
  await writers.stop();
  const phases = Object.entries(switched.phases)
    .map(([phase, ms]) => `${phase} ${ms.toFixed(0)}`)
    .join(', ');
  t.diagnostic(
    `locked ${switched.compared.lockedMs.toFixed(0)} ms, gap ${switched.gapMs.toFixed(0)} ms (${phases}), writers' longest ${switchGapMs} ms`,
  );
  t.diagnostic(
    `rollback ${gapMs.toFixed(0)} ms (drain ${drained.drained.waitedMs.toFixed(0)}), writers' longest ${rollbackGapMs} ms, ${writers.acknowledged.length} orders`,
  );
  assert.deepEqual(drained.broken, []);
  const lost = await shop.onLive(
    `SELECT count(*)::int AS n FROM unnest($1::bigint[]) a WHERE NOT EXISTS (SELECT FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.id = a)`,
    [writers.acknowledged],
  );
  assert.equal(lost.rows[0].n, 0, 'acknowledged orders lost');
  assert.equal(new Set(writers.acknowledged).size, writers.acknowledged.length, 'an id was given out twice');
  const left = await cluster.query(
    'SELECT (SELECT count(*) FROM pg_replication_slots) AS slots, (SELECT count(*) FROM pg_subscription) AS subscriptions',
  );
  assert.deepEqual(left.rows[0], { slots: '0', subscriptions: '0' });
});

test('trap: a copy that lacks a row is not switched to, and the old database goes on serving', async () => {
  const shop = await reverseShop(cluster);
  const begun = await begin(shop, 'lacking');
  await cluster.query('DELETE FROM order_items WHERE id = 1000', [], `${shop.live.database}_copy`);
  const options = switchOptions(shop, begun, 'lacking');
  await assert.rejects(
    switchToCopy(options),
    (error) => error instanceof Failed && error.code === 'sides-differ' && /order_items/.test(error.seen),
  );
  assert.equal((await shop.onLive('INSERT INTO orders (user_id) VALUES (1) RETURNING id')).rows.length, 1);
  // Repaired, it can be switched to.
  const { rows } = await shop.onLive('SELECT order_id, product_id, name FROM order_items WHERE id = 1000');
  await cluster.query(
    'INSERT INTO order_items VALUES (1000, $1, $2, $3)',
    [rows[0].order_id, rows[0].product_id, rows[0].name],
    `${shop.live.database}_copy`,
  );
  const switched = await switchToCopy(options);
  assert.equal(await databaseOid(admin, shop.live.database), begun.copyOid);
  await rollBack(shop, options, switched.reverse);
  assert.equal(await databaseOid(admin, shop.live.database), begun.sourceOid);
});

test('a failure behind the fence opens the old database again, and the copy stays in step', async () => {
  const shop = await reverseShop(cluster);
  const begun = await begin(shop, 'failing');
  const options = switchOptions(shop, begun, 'failing');
  await cluster.query(`ALTER SEQUENCE orders_id_seq MAXVALUE 550`, [], `${shop.live.database}_copy`);
  await shop.onLive(`SELECT setval('orders_id_seq', 551)`);
  await assert.rejects(
    switchToCopy(options),
    (error) => (error as { code?: string }).code === 'sequence-exhausted',
  );
  await shop.onLive(`INSERT INTO orders (user_id, note) VALUES (1, 'still here')`);
  await cluster.query(`ALTER SEQUENCE orders_id_seq NO MAXVALUE`, [], `${shop.live.database}_copy`);
  const switched = await switchToCopy(options);
  assert.equal(
    (await shop.onLive(`SELECT count(*)::int AS n FROM orders WHERE note = 'still here'`)).rows[0].n,
    1,
  );
  await rollBack(shop, options, switched.reverse);
});

test('a copy begun again removes what the first attempt left', async () => {
  const shop = await reverseShop(cluster);
  const first = await begin(shop, 'twice');
  await shop.onLive('INSERT INTO orders (user_id) VALUES (1)');
  const second = await begin(shop, 'twice');
  assert.notEqual(first.copyOid, second.copyOid);
  assert.deepEqual(first.stream, second.stream);
  const { rows } = await cluster.query(
    `SELECT count(*)::int AS n FROM pg_replication_slots WHERE slot_name = 'roundtrip_forward_twice'`,
  );
  assert.equal(rows[0].n, 1);
});
