import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { type Client, connect } from '../../../src/postgres/connection.ts';
import {
  type CopyChangesSlot,
  countCopyChanges,
  dropCopyChanges,
  keepCopyChanges,
  tablesWritten,
} from '../../../src/postgres/replication/copy-changes.ts';
import { endOfWal, flushCommits } from '../../../src/postgres/replication/marker.ts';
import { type RowChanges, NO_CHANGES as ZERO } from '../../../src/postgres/row-changes.ts';

const LIMIT = { timeoutMs: 60_000 };
let cluster: PrivateCluster;
let copy: Client;
let kept: CopyChangesSlot;
let name = 0;

before(async () => {
  cluster = await createCluster({ name: 'copy-changes', settings: { max_replication_slots: '4' } });
  await cluster.query('CREATE DATABASE copy');
  copy = await connect(cluster.address('copy'), { applicationName: 'copy changes test' });
});
after(async () => {
  await copy.end();
  await cluster.stop();
});

/** Fresh tables of ten rows each, and what is written to them from here on. */
async function keep(tables = ['orders', 'order_items']): Promise<void> {
  await dropCopyChanges({ session: copy, copy }, `changes_${name}`, LIMIT);
  name += 1;
  await copy.query(
    `DROP TABLE IF EXISTS orders, order_items, parts, bare CASCADE;
     CREATE TABLE orders (id bigint PRIMARY KEY, total int); INSERT INTO orders SELECT n, n FROM generate_series(1, 10) n;
     CREATE TABLE order_items (LIKE orders INCLUDING ALL); INSERT INTO order_items SELECT * FROM orders;
     CREATE TABLE bare (id bigint);
     CREATE TABLE parts (id bigint PRIMARY KEY, total int) PARTITION BY RANGE (id);
     CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (100);
     CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (100) TO (200)`,
  );
  kept = await keepCopyChanges(copy, { name: `changes_${name}`, tables, ...LIMIT });
}

async function count(upTo?: string) {
  await flushCommits(copy);
  return countCopyChanges(copy, kept, { upTo, ...LIMIT });
}

/** What an apply worker does: the same statements in a session that has a replication origin. */
async function streamed(sql: string): Promise<void> {
  await copy.query(
    `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_replication_origin WHERE roname = 'the stream') THEN PERFORM pg_replication_origin_create('the stream'); END IF; END $$`,
  );
  await copy.query(`SELECT pg_replication_origin_session_setup('the stream')`);
  try {
    await copy.query(sql);
  } finally {
    await copy.query('SELECT pg_replication_origin_session_reset()');
  }
}

const of = (changes: Partial<RowChanges>): RowChanges => ({ ...ZERO, ...changes });

describe('what is written to the protected tables of a copy', () => {
  it('is told apart exactly: what the stream brought, and what anybody else did', async () => {
    await keep();
    await streamed(`BEGIN; INSERT INTO orders SELECT n, n FROM generate_series(11, 410) n; UPDATE orders SET total = 0 WHERE id <= 7; COMMIT;
                    DELETE FROM order_items WHERE id <= 5`);
    await copy.query('UPDATE orders SET total = 1 WHERE id <= 3');
    assert.deepEqual(await count(), {
      'public.orders': { stream: of({ inserted: 400, updated: 7 }), others: of({ updated: 3 }) },
      'public.order_items': { stream: of({ deleted: 5 }), others: ZERO },
    });
  });

  it('counts what was put back and what is gone again, and not what was rolled back', async () => {
    await keep();
    await copy.query(`BEGIN; UPDATE orders SET total = 99 WHERE id = 1; UPDATE orders SET total = 1 WHERE id = 1; COMMIT;
                      BEGIN; INSERT INTO order_items VALUES (77, 1); DELETE FROM order_items WHERE id = 77; COMMIT`);
    await copy.query('BEGIN; DELETE FROM orders; TRUNCATE order_items; ROLLBACK');
    // A rewrite of the table changes no row.
    await copy.query('ALTER TABLE orders ALTER total TYPE bigint; ALTER TABLE orders ADD note text');
    const changes = await count();
    assert.deepEqual(changes['public.orders']?.others, of({ updated: 2 }));
    assert.deepEqual(changes['public.order_items']?.others, of({ inserted: 1, deleted: 1 }));
    assert.deepEqual(
      tablesWritten(changes).map(([table]) => table),
      ['public.orders', 'public.order_items'],
    );
  });

  it('says of a TRUNCATE that there was one, for each table that it named', async () => {
    await keep();
    await copy.query('TRUNCATE orders, order_items');
    const changes = await count();
    assert.deepEqual(changes['public.orders']?.others, of({ emptied: 1 }));
    assert.deepEqual(changes['public.order_items']?.others, of({ emptied: 1 }));
  });

  it('ends at a position: asked later, the answer is the same', async () => {
    await keep();
    await streamed('UPDATE orders SET total = 5 WHERE id <= 4');
    await flushCommits(copy);
    const fenced = await endOfWal(copy);
    const then = await count(fenced);
    await copy.query('DELETE FROM orders');
    assert.deepEqual(await count(fenced), then);
    assert.deepEqual(then['public.orders'], { stream: of({ updated: 4 }), others: ZERO });
    assert.deepEqual((await count())['public.orders']?.others, of({ deleted: 10 }));
  });

  it('counts a partitioned table as itself', async () => {
    await keep(['parts']);
    await streamed('INSERT INTO parts VALUES (1, 1), (101, 1)');
    assert.deepEqual((await count())['public.parts'], { stream: of({ inserted: 2 }), others: ZERO });
  });

  it('says why it cannot say, and never 0', async () => {
    await keep(['orders', 'bare', 'nowhere']);
    const changes = await count();
    assert.deepEqual(changes['public.bare']?.others, { unknown: 'it has no replica identity' });
    assert.deepEqual(changes['public.nowhere']?.stream, { unknown: 'the copy has no such table' });
    assert.deepEqual(changes['public.orders']?.others, ZERO);
    await copy.query('ALTER TABLE orders RENAME TO old; CREATE TABLE orders AS TABLE old; DROP TABLE old');
    const anew = (await count())['public.orders']?.others;
    assert.match(anew !== undefined && 'unknown' in anew ? anew.unknown : '', /created anew/);
    await dropCopyChanges({ session: copy }, `changes_${name}`, LIMIT);
    const gone = (await count())['public.orders']?.stream;
    assert.match(gone !== undefined && 'unknown' in gone ? gone.unknown : '', /slot .* is gone/);
  });

  it('leaves the last slots to the streams', async () => {
    await copy.query(`SELECT pg_create_physical_replication_slot('used_' || n) FROM generate_series(1, 3) n`);
    try {
      await keep();
      const none = (await count())['public.orders']?.others;
      assert.match(
        none !== undefined && 'unknown' in none ? none.unknown : '',
        /no replication slot was free/,
      );
    } finally {
      await copy.query(`SELECT pg_drop_replication_slot('used_' || n) FROM generate_series(1, 3) n`);
    }
  });
});
