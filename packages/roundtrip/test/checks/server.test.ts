import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { clientPrograms } from '../../src/checks/client-programs.ts';
import { clockOf } from '../../src/checks/clock.ts';
import { collationVersions } from '../../src/checks/collation-versions.ts';
import { extensions } from '../../src/checks/extensions.ts';
import { preflight } from '../../src/checks/index.ts';
import { longTransactionsOver } from '../../src/checks/long-transactions.ts';
import { pendingRestart } from '../../src/checks/pending-restart.ts';
import { preparedTransactions } from '../../src/checks/prepared-transactions.ts';
import { protectedTables } from '../../src/checks/protected-tables.ts';
import { receiptFresh } from '../../src/checks/receipt-fresh.ts';
import { replicationSlots } from '../../src/checks/replication-slots.ts';
import { returnStreamReady } from '../../src/checks/return-stream-ready.ts';
import { subscriptions } from '../../src/checks/subscriptions.ts';
import { targetIdentity } from '../../src/checks/target-identity.ts';
import type { Receipt } from '../../src/journal/receipt.ts';
import { type DatabaseAddress, withClient } from '../../src/postgres/connection.ts';
import { planHash } from '../../src/runbook/plan.ts';
import { backup } from '../../src/steps/backup.ts';
import { returnStream } from '../../src/steps/return-stream.ts';
import { stagingCopy } from '../../src/steps/staging-copy.ts';
import { wayBack } from '../../src/steps/way-back.ts';
import { codesOf, findingsOf, planOn } from './check-context.ts';

// A cluster of its own: settings, slots and prepared transactions are the whole cluster's.
let cluster: PrivateCluster;
let shop: DatabaseAddress;
before(async () => {
  cluster = await createCluster({
    name: 'checks',
    settings: { max_prepared_transactions: '5', max_wal_size: '32MB' },
  });
  await cluster.query('CREATE DATABASE shop');
  await cluster.query('CREATE TABLE orders (id int PRIMARY KEY); CREATE TABLE logs (line text)', [], 'shop');
  shop = cluster.address('shop');
});
after(() => cluster.stop());

const sql = (text: string) => cluster.query(text, [], 'shop');

test('the right cluster passes, another one and a wrong version are refused', async () => {
  const { rows } = await cluster.query('SELECT system_identifier::text AS id FROM pg_control_system()');
  const systemIdentifier = (rows[0] as { id: string }).id;
  assert.deepEqual(await findingsOf(targetIdentity, planOn(shop, { target: { systemIdentifier } })), []);
  const other = planOn(shop, { target: { systemIdentifier: '7000000000000000000' } });
  assert.deepEqual(codesOf(await findingsOf(targetIdentity, other)), ['refusal wrong-target']);
});

test('client programs that are older than the server, or too old at all, are refused', async () => {
  assert.deepEqual(await findingsOf(clientPrograms, planOn(shop)), []);
  const folder = mkdtempSync(path.join(tmpdir(), 'old-programs-'));
  const before = process.env.ROUNDTRIP_PG_BIN;
  try {
    for (const program of ['pg_dump', 'pg_restore', 'pg_dumpall'])
      writeFileSync(path.join(folder, program), `#!/bin/sh\necho '${program} (PostgreSQL) 14.9'\n`, {
        mode: 0o755,
      });
    process.env.ROUNDTRIP_PG_BIN = folder;
    const [old] = await findingsOf(clientPrograms, planOn(shop));
    assert.equal(old?.code, 'version-unsupported');
    assert.match(old?.seen ?? '', /client programs 14 in .*, server 1[5-9]/);
  } finally {
    if (before === undefined) delete process.env.ROUNDTRIP_PG_BIN;
    else process.env.ROUNDTRIP_PG_BIN = before;
    rmSync(folder, { recursive: true });
  }
});

test('protected tables are there and have a key by which rows are named', async () => {
  const checked = async (...tables: string[]) =>
    codesOf(await findingsOf(protectedTables, planOn(shop, { protectedTables: tables })));
  assert.deepEqual(await checked('orders'), []);
  assert.deepEqual(await checked('orders', 'logs', 'carts'), [
    'refusal no-primary-key',
    'refusal protected-table-missing',
  ]);
});

test('the receipt of another plan, an old one and one from the future are refused; a fresh one passes', async () => {
  const plan = planOn(shop);
  const now = new Date();
  const checked = async (hash: string, hoursAgo: number) => {
    const finishedAt = new Date(now.getTime() - hoursAgo * 3_600_000).toISOString();
    const receipt = { planHash: hash, finishedAt } as Receipt;
    return codesOf(await findingsOf(receiptFresh, plan, { now, receipts: [receipt] }));
  };
  assert.deepEqual(await checked(planHash(plan), 1), []);
  assert.deepEqual(await checked('another', 1), ['refusal no-receipt']);
  assert.deepEqual(await checked(planHash(plan), 24 * 8), ['refusal receipt-stale']);
  assert.deepEqual(await checked(planHash(plan), -1), ['refusal receipt-stale']);
});

test('a rehearsal asks whether its cluster can make the extensions of production', async () => {
  const production = await sql('CREATE EXTENSION hstore').then(() => shop);
  const copy = stagingCopy({
    production: { name: 'p', environment: 'production', database: production, settings: {} },
  });
  const staging = planOn(cluster.address('not_made_yet'), { steps: () => [copy] });
  assert.deepEqual(await findingsOf(extensions, staging, { runKind: 'rehearsal' }), []);
  assert.deepEqual(await findingsOf(clientPrograms, staging, { runKind: 'rehearsal' }), []);
  await sql(`UPDATE pg_extension SET extname = 'hstore_of_production' WHERE extname = 'hstore'`);
  const found = await findingsOf(extensions, staging, { runKind: 'rehearsal' });
  assert.deepEqual(codesOf(found), ['refusal extension-missing']);
  await sql(
    `UPDATE pg_extension SET extname = 'hstore' WHERE extname = 'hstore_of_production'; DROP EXTENSION hstore`,
  );
});

test('what several checks meet alike is told once, and a check that cannot look refuses', async () => {
  const nowhere = { ...shop, port: 1 };
  const plan = planOn(nowhere, { protectedTables: ['orders'] });
  const context = {
    ...{ plan, planHash: planHash(plan), runKind: 'live' as const, now: new Date(), stateFolder: tmpdir() },
    ...{ receipts: [], spoiledReceipts: [], signal: new AbortController().signal },
  };
  const found = await preflight(context, new Map());
  assert.deepEqual(
    found.filter(({ code }) => code === 'connection-failed').map(({ severity, check }) => [severity, check]),
    [['refusal', 'identity']],
  );
  assert.ok(found.some(({ code }) => code === 'no-receipt'));
});

test('clocks that agree pass; one that is ten minutes off is refused, whichever way', async () => {
  assert.deepEqual(await findingsOf(clockOf(Date.now), planOn(shop)), []);
  const [behind] = await findingsOf(
    clockOf(() => Date.now() + 600_000),
    planOn(shop),
  );
  assert.match(behind?.seen ?? '', /the server's clock is \d+ s behind/);
  const [ahead] = await findingsOf(
    clockOf(() => Date.now() - 600_000),
    planOn(shop),
  );
  assert.equal(ahead?.code, 'clock-skew');
  assert.match(ahead?.seen ?? '', /ahead of/);
});

test('a setting that waits for a restart is named until it is taken back', async () => {
  assert.deepEqual(await findingsOf(pendingRestart, planOn(shop)), []);
  await cluster.query("ALTER SYSTEM SET track_activity_query_size = '4kB'");
  await cluster.query('SELECT pg_reload_conf()');
  const found = await untilFound(() => findingsOf(pendingRestart, planOn(shop)), 1);
  assert.deepEqual(codesOf(found), ['warning restart-pending']);
  assert.match(found[0]?.seen ?? '', /track_activity_query_size/);
  await cluster.query("ALTER SYSTEM SET track_activity_query_size = '1kB'");
  await cluster.query('SELECT pg_reload_conf()');
  assert.deepEqual(await untilFound(() => findingsOf(pendingRestart, planOn(shop)), 0), []);
});

test('a prepared transaction is refused by its name, and gone when it is rolled back', async () => {
  assert.deepEqual(await findingsOf(preparedTransactions, planOn(shop)), []);
  await sql("BEGIN; INSERT INTO orders VALUES (1); PREPARE TRANSACTION 'payment 17'");
  const [found] = await findingsOf(preparedTransactions, planOn(shop));
  assert.equal(found?.code, 'prepared-transactions');
  assert.match(found?.seen ?? '', /'payment 17' of postgres in shop/);
  await sql("ROLLBACK PREPARED 'payment 17'");
  assert.deepEqual(await findingsOf(preparedTransactions, planOn(shop)), []);
});

test('a transaction left open is named by its pid; a short one and our own are not', async () => {
  await withClient(shop, { applicationName: 'report' }, async (client) => {
    await client.query('BEGIN; SELECT count(*) FROM orders');
    assert.deepEqual(await findingsOf(longTransactionsOver({ minutes: 60 }), planOn(shop)), []);
    const [found, ...others] = await findingsOf(longTransactionsOver({ minutes: 0 }), planOn(shop));
    assert.deepEqual(others, []);
    assert.equal(found?.code, 'long-transaction');
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    assert.match(
      found?.seen ?? '',
      new RegExp(`^pid ${rows[0].pid} \\(postgres, report\\).*idle in transaction`),
    );
    await client.query('ROLLBACK');
  });
});

test('a slot that nobody reads warns, and is refused once it retains more WAL than the server keeps anyway', async () => {
  assert.deepEqual(await findingsOf(replicationSlots, planOn(shop)), []);
  await cluster.query("SELECT pg_create_physical_replication_slot('old_replica', true)");
  assert.deepEqual(codesOf(await findingsOf(replicationSlots, planOn(shop))), ['warning slot-unread']);
  // Three segments of 16 MB are more than max_wal_size.
  for (let segment = 0; segment < 3; segment += 1)
    await cluster.query("SELECT pg_logical_emit_message(false, 't', 't'), pg_switch_wal()");
  const [stale] = await findingsOf(replicationSlots, planOn(shop));
  assert.equal(stale?.code, 'slot-stale');
  assert.match(stale?.seen ?? '', /slot old_replica \(physical\) is read by nobody and retains \d+ MB/);
  await cluster.query("SELECT pg_drop_replication_slot('old_replica')");
  assert.deepEqual(await findingsOf(replicationSlots, planOn(shop)), []);
});

test('the return stream is looked at before the night: a table without replica identity is refused', async () => {
  const steps = (tables: readonly string[]) => () => [backup(), wayBack(), returnStream({ tables })];
  const refusals = async (plan: ReturnType<typeof planOn>, runKind: 'live' | 'rehearsal' = 'live') =>
    codesOf(await findingsOf(returnStreamReady, plan, { runKind })).filter((text) =>
      text.startsWith('refusal'),
    );
  assert.deepEqual(await refusals(planOn(shop, { steps: steps(['orders']) })), []);
  assert.deepEqual(await refusals(planOn(shop, { steps: steps(['orders', 'logs']) })), [
    'refusal no-replica-identity',
  ]);
  assert.deepEqual(await findingsOf(returnStreamReady, planOn(shop)), []);
  // Staging is not there yet: its cluster alone is asked.
  const staging = planOn(cluster.address('not_made_yet'), { steps: steps(['orders', 'logs']) });
  assert.deepEqual(await refusals(staging, 'rehearsal'), []);
});

test('an extension whose files are gone, or of another version than a restore makes, is refused', async () => {
  await sql('CREATE EXTENSION citext');
  assert.deepEqual(await findingsOf(extensions, planOn(shop)), []);
  await sql(`UPDATE pg_extension SET extversion = '1.0' WHERE extname = 'citext'`);
  assert.deepEqual(codesOf(await findingsOf(extensions, planOn(shop))), ['refusal extension-version']);
  // As after the package was removed: the catalogue names what the server has no files of.
  await sql(`UPDATE pg_extension SET extname = 'citext_of_old' WHERE extname = 'citext'`);
  assert.deepEqual(codesOf(await findingsOf(extensions, planOn(shop))), ['refusal extension-missing']);
});

test('a collation of another library version than its indexes were made with is refused', async () => {
  await sql(`CREATE COLLATION names (provider = icu, locale = 'ru-RU'); CREATE TABLE people (name text COLLATE names);
    CREATE INDEX people_name ON people (name)`);
  assert.deepEqual(await findingsOf(collationVersions, planOn(shop)), []);
  // As after an upgrade of the machine's ICU.
  await sql(`UPDATE pg_collation SET collversion = '100.1' WHERE collname = 'names'`);
  const [found] = await findingsOf(collationVersions, planOn(shop));
  assert.equal(found?.code, 'collation-version');
  assert.match(found?.seen ?? '', /collation names was made with collation version 100\.1/);
  await sql('REINDEX TABLE people; ALTER COLLATION names REFRESH VERSION');
  assert.deepEqual(await findingsOf(collationVersions, planOn(shop)), []);
});

/** The server reads its files when the signal reaches it: asked again until it has, at most for a minute. */
async function untilFound<T>(look: () => Promise<readonly T[]>, count: number): Promise<readonly T[]> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found.length === count || Date.now() > deadline) return found;
    await delay(50);
  }
}

test('a stream of another system into the database is refused while it runs, and named while it does not', async () => {
  await sql(
    "CREATE SUBSCRIPTION erp CONNECTION 'host=127.0.0.1 port=1 dbname=erp' PUBLICATION goods WITH (connect = false, slot_name = 'erp')",
  );
  try {
    const [warned] = await findingsOf(subscriptions, planOn(shop));
    assert.equal(warned?.severity, 'warning');
    await sql('ALTER SUBSCRIPTION erp ENABLE');
    const [refused] = await findingsOf(subscriptions, planOn(shop));
    assert.equal(refused?.severity, 'refusal');
    assert.match(refused?.cure ?? '', /^ALTER SUBSCRIPTION "erp" DISABLE/);
  } finally {
    await sql('ALTER SUBSCRIPTION erp DISABLE');
    await sql('ALTER SUBSCRIPTION erp SET (slot_name = NONE)');
    await sql('DROP SUBSCRIPTION erp');
  }
});
