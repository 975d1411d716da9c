import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { Failed, Refused } from '../../../src/errors.ts';
import { type Client, connect, withClient } from '../../../src/postgres/connection.ts';
import { closeDatabase, openDatabase } from '../../../src/postgres/fence.ts';
import {
  armReverse,
  disarmReverse,
  drainReverse,
  inspectReverse,
  openReverse,
  type ReplicationStream,
} from '../../../src/postgres/replication/index.ts';
import { databaseOid, switchNames } from '../../../src/postgres/switch.ts';
import { eventually, PROTECTED, type ReverseShop, reverseShop } from './reverse-shop.ts';

let cluster: PrivateCluster;
let admin: Client;
before(async () => {
  cluster = await createCluster({ name: 'reverse', settings: { wal_retrieve_retry_interval: '200ms' } });
  admin = await connect(cluster.address(), { applicationName: 'reverse test' });
});
after(async () => {
  await admin.end();
  await cluster.stop();
});

const TIMEOUT = { timeoutMs: 20_000 };

async function armed(name: string, on?: { publisher: PrivateCluster; subscriber: PrivateCluster }) {
  const shop = await reverseShop(on?.publisher ?? cluster, on?.subscriber ?? on?.publisher ?? cluster);
  const { stream, armedMs } = await armReverse({ ...shop, tables: PROTECTED, name, ...TIMEOUT });
  return { shop, stream, armedMs };
}

async function disarm(shop: ReverseShop, stream: ReplicationStream): Promise<void> {
  await withClient(shop.live, { applicationName: 't' }, (live) =>
    withClient(shop.return, { applicationName: 't' }, (back) =>
      disarmReverse({ live, return: back }, stream, TIMEOUT),
    ),
  );
}

/** Drains without a fence: nobody writes in these tests while it runs. */
async function drain(shop: ReverseShop, stream: ReplicationStream, mapping: readonly string[] = []) {
  const sessions = await openReverse(shop, stream, TIMEOUT);
  try {
    return await drainReverse(sessions, stream, { ...TIMEOUT, mapping });
  } finally {
    await sessions.end();
  }
}

test('what customers write after the switch is in the return database', async (t) => {
  const { shop, stream, armedMs } = await armed('writes');
  await shop.onLive(`INSERT INTO users (email) VALUES ('new@example.org');
    INSERT INTO orders (user_id, total, note) VALUES (51, 9.90, 'first'), (1, 5, 'second');
    INSERT INTO order_items (order_id, product_id, name) VALUES (501, 7, 'x');
    UPDATE orders SET total = total + 1 WHERE id <= 10; DELETE FROM order_items WHERE order_id = 3; UPDATE users SET email = NULL WHERE id = 9`);
  const { drained, sequences, broken, fingerprints } = await drain(shop, stream);
  assert.equal(fingerprints['public.orders']?.rows, '502');
  assert.deepEqual(broken, []);
  assert.deepEqual(
    sequences.map(({ sequence }) => sequence),
    ['public.order_items_id_seq', 'public.orders_id_seq', 'public.users_id_seq'],
  );
  const { rows } =
    await shop.onReturn(`SELECT (SELECT note FROM orders WHERE id = 502) AS note, (SELECT total::text FROM orders WHERE id = 10) AS total,
    (SELECT count(*)::int FROM order_items WHERE order_id = 3) AS deleted`);
  assert.deepEqual(rows[0], { note: 'second', total: '11.00', deleted: 0 });
  // The next order of the return database does not collide.
  assert.ok(
    Number((await shop.onReturn(`INSERT INTO orders (user_id) VALUES (1) RETURNING id`)).rows[0].id) > 502,
  );
  t.diagnostic(`armed in ${armedMs} ms, drained in ${drained.waitedMs.toFixed(1)} ms`);
  await disarm(shop, stream);
});

test('nothing is left of a stream that is disarmed, and disarming twice is disarming once', async () => {
  const { shop, stream } = await armed('leftovers');
  assert.equal((await inspectReverse(shop, stream)).verdict, 'open');
  await disarm(shop, stream);
  await disarm(shop, stream);
  const left = async (query: ReverseShop['onLive']) =>
    (
      await query(`SELECT (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_subscription WHERE subname = 'roundtrip_leftovers')
        + (SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'roundtrip_leftovers') + (SELECT count(*) FROM pg_namespace WHERE nspname = 'roundtrip')
        + (SELECT count(*) FROM pg_ls_dir(current_setting('data_directory')) f WHERE f LIKE '%leftovers%') AS n`)
    ).rows[0].n;
  assert.deepEqual([await left(shop.onLive), await left(shop.onReturn)], ['0', '0']);
  assert.equal((await inspectReverse(shop, stream)).verdict, 'closed');
});

test('the password is in a file of the server alone, not in the catalogue and not in the log', async () => {
  const { shop, stream } = await armed('secret');
  assert.ok(stream.serverPasswordFile);
  assert.equal(statSync(stream.serverPasswordFile).mode & 0o777, 0o600);
  assert.ok(readFileSync(stream.serverPasswordFile, 'utf8').includes(cluster.password));
  const { rows } = await shop.onReturn(
    `SELECT subconninfo FROM pg_subscription WHERE subname = 'roundtrip_secret'`,
  );
  assert.doesNotMatch(rows[0].subconninfo, new RegExp(cluster.password));
  assert.doesNotMatch(JSON.stringify(stream), new RegExp(cluster.password));
  assert.equal(readFileSync(`${cluster.directory}/server.log`, 'utf8').includes(cluster.password), false);
  await disarm(shop, stream);
});

test('arming again after a crash keeps what customers wrote in between', async () => {
  const { shop, stream } = await armed('again');
  await shop.onReturn(`ALTER SUBSCRIPTION roundtrip_again DISABLE`);
  await shop.onLive(`INSERT INTO orders (user_id, note) VALUES (1, 'between')`);
  await shop.onReturn(`ALTER SUBSCRIPTION roundtrip_again ENABLE`);
  const second = await armReverse({ ...shop, tables: PROTECTED, name: 'again', ...TIMEOUT });
  assert.deepEqual(second.stream, stream);
  assert.equal((await drain(shop, stream)).fingerprints['public.orders']?.rows, '501');
  await disarm(shop, stream);
});

test('arming that was interrupted between slot and subscription is completed', async () => {
  const shop = await reverseShop(cluster);
  await withClient(shop.live, { applicationName: 't' }, async (live) => {
    const { createPublication, createSlot } = await import('../../../src/postgres/replication/index.ts');
    const columns = {
      users: ['id', 'email'],
      orders: ['id', 'user_id', 'total', 'note', 'placed'],
      order_items: ['id', 'order_id', 'product_id', 'name'],
    };
    await createPublication(
      live,
      'roundtrip_partial',
      Object.entries(columns).map(([table, names]) => ({ table, columns: names })),
    );
    await createSlot(live, 'roundtrip_partial', TIMEOUT);
  });
  await shop.onLive(`INSERT INTO orders (user_id) VALUES (2)`);
  const { stream } = await armReverse({ ...shop, tables: PROTECTED, name: 'partial', ...TIMEOUT });
  assert.equal((await drain(shop, stream)).fingerprints['public.orders']?.rows, '501');
  await disarm(shop, stream);
});

test('trap: a column that the new release adds later does not stop the stream', async () => {
  const { shop, stream } = await armed('additive');
  await shop.onLive(
    `ALTER TABLE orders ADD source text DEFAULT 'web'; INSERT INTO orders (user_id, source) VALUES (1, 'app')`,
  );
  assert.equal((await drain(shop, stream)).fingerprints['public.orders']?.rows, '501');
  await disarm(shop, stream);
});

test('trap: a row that points at nothing in the old schema arrives, is named, and the mapping gives it a place', async () => {
  const { shop, stream } = await armed('mapping');
  await shop.onLive(
    `INSERT INTO order_items (order_id, product_id, name) VALUES (1, 9001, 'born later'), (2, 9001, 'born later'), (2, 9002, 'too')`,
  );
  const unmapped = await drain(shop, stream);
  assert.deepEqual(
    unmapped.broken.map(({ constraint, rows, sample }) => [
      constraint,
      rows,
      sample.map(({ product_id }) => product_id).sort(),
    ]),
    [['order_items_product_id_fkey', '3', ['9001', '9002']]],
  );
  const { rows } = await shop.onReturn(
    `SELECT convalidated FROM pg_constraint WHERE conname = 'order_items_product_id_fkey'`,
  );
  assert.equal(rows[0].convalidated, true, 'the catalogue says nothing of it');
  const mapping = [
    `INSERT INTO products (id, name) SELECT DISTINCT i.product_id, i.name FROM order_items i
     WHERE NOT EXISTS (SELECT FROM products p WHERE p.id = i.product_id)`,
  ];
  const mapped = await drain(shop, stream, mapping);
  assert.deepEqual([mapped.mapped, mapped.broken], [[2], []]);
  const rename = `UPDATE products SET name = 'of a mapping' WHERE id > 9000`;
  for (const [statements, message] of [
    [[rename, 'SELECT 1/0'], /statement 2 of the reverse mapping: division by zero/],
    [
      [rename, 'SELECT pg_terminate_backend(pg_backend_pid())'],
      /statement 2 of the reverse mapping: .*terminat/,
    ],
    [
      [
        rename,
        'ALTER TABLE order_items ALTER CONSTRAINT order_items_product_id_fkey DEFERRABLE INITIALLY DEFERRED',
        'DELETE FROM products WHERE id = 9002',
      ],
      /COMMIT of the reverse mapping: .*order_items_product_id_fkey/,
    ],
  ] as const) {
    await assert.rejects(drain(shop, stream, statements), (error) => {
      assert.ok(error instanceof Failed && error.code === 'reverse-mapping-failed');
      assert.match(error.message, message);
      return true;
    });
  }
  const kept = await shop.onReturn('SELECT name FROM products WHERE id > 9000 ORDER BY id');
  assert.deepEqual(kept.rows, [{ name: 'born later' }, { name: 'too' }]);
  await disarm(shop, stream);
});

test('trap: a row that is missing in the return database is skipped in silence, and found', async () => {
  const { shop, stream } = await armed('skipped');
  await shop.onReturn('DELETE FROM order_items WHERE order_id = 77');
  await shop.onLive(`UPDATE order_items SET name = 'changed' WHERE order_id = 77`);
  await assert.rejects(drain(shop, stream), (error) => {
    assert.ok(error instanceof Failed && error.code === 'reverse-differs');
    assert.deepEqual(error.fields.tables, ['public.order_items']);
    return true;
  });
  assert.equal((await inspectReverse(shop, stream)).subscription.applyErrors, 0);
  await disarm(shop, stream);
});

test('a change that cannot be applied ends in a deadline with the reason, before anything is closed', async () => {
  const { shop, stream } = await armed('stuck');
  await shop.onReturn(`INSERT INTO users (id, email) VALUES (51, 'intruder')`);
  await shop.onLive(`INSERT INTO users (email) VALUES ('customer')`);
  await assert.rejects(openReverse(shop, stream, { timeoutMs: 1_500 }), (error) => {
    assert.ok(error instanceof Failed && error.code === 'drain-timed-out');
    assert.match(error.seen, /could not be applied|no worker/);
    return true;
  });
  assert.equal((await inspectReverse(shop, stream)).verdict, 'at-risk');
  await disarm(shop, stream);
});

test('trap: an old transaction of another database is named, and no slot is left behind', async () => {
  const shop = await reverseShop(cluster);
  const old = await connect(cluster.address(), { applicationName: 'night report' });
  await old.query('BEGIN');
  await old.query('CREATE TABLE unfinished (id int)');
  try {
    const { createSlot, createExportedSlot, replicationPreflight } = await import(
      '../../../src/postgres/replication/index.ts'
    );
    const blocked = (error: unknown): boolean => {
      assert.ok(error instanceof Failed && error.code === 'slot-blocked');
      assert.match(error.seen, /in postgres \(night report/);
      return true;
    };
    await withClient(shop.live, { applicationName: 't' }, (live) =>
      assert.rejects(createSlot(live, 'roundtrip_late', { timeoutMs: 300 }), blocked),
    );
    await assert.rejects(createExportedSlot(shop.live, 'roundtrip_late', { timeoutMs: 300 }), blocked);
    assert.equal(
      (
        await cluster.query(
          `SELECT count(*)::int AS n FROM pg_replication_slots WHERE slot_name = 'roundtrip_late'`,
        )
      ).rows[0].n,
      0,
    );
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await withClient(shop.live, { applicationName: 't' }, async (live) => {
      const findings = await replicationPreflight({ publisher: live, subscriber: live, tables: [] });
      assert.match(
        findings.find(({ code }) => code === 'old-transactions')?.seen ?? '',
        /pid \d+ in postgres/,
      );
    });
    await assert.rejects(
      armReverse({ ...shop, tables: PROTECTED, name: 'late', ...TIMEOUT }),
      (error) =>
        error instanceof Refused && error.code === 'replication-refused' && /night report/.test(error.seen),
    );
  } finally {
    await old.end();
  }
});

test('between two clusters', async () => {
  const other = await createCluster({
    name: 'reverse-b',
    settings: { wal_retrieve_retry_interval: '200ms' },
  });
  try {
    const { shop, stream } = await armed('two_clusters', { publisher: cluster, subscriber: other });
    await shop.onLive(`INSERT INTO orders (user_id) SELECT 1 FROM generate_series(1, 1000)`);
    assert.equal((await drain(shop, stream)).fingerprints['public.orders']?.rows, '1500');
    // The return cluster crashes and comes back: the stream goes on where it was.
    await other.crash();
    await shop.onLive(`INSERT INTO orders (user_id) VALUES (2)`);
    await other.start();
    assert.equal((await drain(shop, stream)).fingerprints['public.orders']?.rows, '1501');
    await disarm(shop, stream);
  } finally {
    await other.stop();
  }
});

test('a rollback under superusers who write without pause loses no acknowledged order', async (t) => {
  const { shop, stream } = await armed('rollback');
  const liveName = shop.live.database;
  const acknowledged: number[] = [];
  const done = new AbortController();
  t.after(() => done.abort());
  const writers = Array.from({ length: 6 }, async () => {
    while (!done.signal.aborted) {
      const client = new pg.Client({ ...shop.live, password: cluster.password });
      client.on('error', () => undefined);
      try {
        await client.connect();
        for (;;) {
          const { rows } = await client.query(
            `INSERT INTO orders (user_id, note) VALUES (1, 'rush') RETURNING id`,
          );
          acknowledged.push(Number(rows[0].id));
          if (done.signal.aborted) break;
        }
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 2));
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  });
  await eventually(async () => acknowledged.length > 100, 'a hundred orders');
  const [liveOid, nextOid] = [
    await databaseOid(admin, liveName),
    await databaseOid(admin, shop.return.database),
  ];
  assert.ok(liveOid !== undefined && nextOid !== undefined);
  const sessions = await openReverse(shop, stream, TIMEOUT);
  const startedMs = performance.now();
  await closeDatabase(admin, liveName, { ...TIMEOUT, spare: sessions.sparePids });
  const fencedMs = performance.now() - startedMs;
  const { drained, broken } = await drainReverse(sessions, stream, TIMEOUT);
  const [live, back] = [sessions.publishers[0], sessions.subscribers[0]];
  assert.ok(live !== undefined && back !== undefined);
  const { disarmedMs } = await disarmReverse({ live, return: back }, stream, TIMEOUT);
  await sessions.end();
  await switchNames(admin, {
    liveName,
    liveOid,
    nextOid,
    retiredName: `${liveName}_retired`,
    ...TIMEOUT,
    journal: async () => undefined,
  });
  const gapMs = performance.now() - startedMs;
  const atSwitch = acknowledged.length;
  await eventually(async () => acknowledged.length > atSwitch + 12, 'orders are taken again');
  done.abort();
  await Promise.all(writers);
  t.diagnostic(
    `fence ${fencedMs.toFixed(0)} ms, drain ${drained.waitedMs.toFixed(1)} ms, disarm ${disarmedMs} ms, whole ${gapMs.toFixed(0)} ms, ${acknowledged.length} orders`,
  );
  assert.deepEqual(broken, []);
  const { rows } = await cluster.query(
    `SELECT count(*)::int AS n FROM unnest($1::bigint[]) a WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = a)`,
    [acknowledged],
    liveName,
  );
  assert.equal(rows[0].n, 0, 'acknowledged orders lost');
  assert.equal(new Set(acknowledged).size, acknowledged.length, 'an id was given out twice');
});

test('trap: a rename fails while the stream is there: it must be disarmed first', async () => {
  const { shop, stream } = await armed('rename');
  await assert.rejects(
    cluster.query(`ALTER DATABASE ${shop.return.database} RENAME TO other`),
    /being accessed by other users|source database/,
  );
  await disarm(shop, stream);
  await closeDatabase(admin, shop.return.database, TIMEOUT);
  await cluster.query(`ALTER DATABASE ${shop.return.database} RENAME TO renamed_return`);
  await openDatabase(admin, 'renamed_return');
});
