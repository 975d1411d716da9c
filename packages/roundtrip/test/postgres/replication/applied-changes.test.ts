import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { type Client, withClient } from '../../../src/postgres/connection.ts';
import {
  countAppliedChanges,
  endAppliedChanges,
  noteAppliedChanges,
} from '../../../src/postgres/replication/applied-changes.ts';
import { drainTo } from '../../../src/postgres/replication/drain.ts';
import { armReverse, disarmReverse } from '../../../src/postgres/replication/reverse.ts';
import type { ReplicationStream } from '../../../src/postgres/replication/stream.ts';
import { NO_CHANGES } from '../../../src/postgres/row-changes.ts';
import { PROTECTED, type ReverseShop, reverseShop } from './reverse-shop.ts';

const LIMIT = { timeoutMs: 60_000 };
let cluster: PrivateCluster;
before(async () => {
  cluster = await createCluster({ name: 'applied', settings: { wal_retrieve_retry_interval: '100ms' } });
});
after(() => cluster.stop());

/** Both sides of a stream that notes orders and items, drained before they are given away. */
async function drained<T>(
  shop: ReverseShop,
  stream: ReplicationStream,
  work: (back: Client, live: Client) => Promise<T>,
): Promise<T> {
  const session = { applicationName: 'applied changes test' };
  return withClient(shop.live, session, (live) =>
    withClient(shop.return, session, async (back) => {
      await drainTo({ publisher: live, subscriber: back }, stream, LIMIT);
      return work(back, live);
    }),
  );
}

describe('what a stream has applied', () => {
  it('is counted exactly, and nothing besides', async () => {
    const shop = await reverseShop(cluster);
    const noted = ['orders', 'order_items'];
    const { stream } = await armReverse({ ...shop, tables: PROTECTED, noted, name: 'noted', ...LIMIT });
    await shop.onLive('INSERT INTO orders (user_id, total) SELECT 1, n FROM generate_series(1, 412) n');
    await shop.onLive('UPDATE orders SET total = 0 WHERE id <= 5');
    await shop.onLive('UPDATE orders SET total = 1 WHERE id <= 5');
    await shop.onLive('DELETE FROM order_items WHERE id <= 3');
    // Not customers: a hand in the return database.
    await shop.onReturn(`UPDATE orders SET note = 'by hand' WHERE id = 400`);
    // Armed again, as after a crash: the notes go on.
    await armReverse({ ...shop, tables: PROTECTED, noted, name: 'noted', ...LIMIT });
    await shop.onLive('DELETE FROM order_items WHERE id = 4');
    await drained(shop, stream, async (back, live) => {
      const expected = {
        'public.orders': { ...NO_CHANGES, inserted: 412, updated: 10 },
        'public.order_items': { ...NO_CHANGES, deleted: 4 },
        'public.users': { unknown: 'the return database did not note the changes of this table' },
      };
      assert.deepEqual(await countAppliedChanges(back, PROTECTED), expected);
      await endAppliedChanges(back);
      assert.deepEqual(await countAppliedChanges(back, PROTECTED), expected);
      await disarmReverse({ live, return: back }, stream, LIMIT);
      const { rows } = await back.query(
        `SELECT FROM pg_trigger WHERE tgname LIKE 'roundtrip%' UNION ALL SELECT FROM pg_namespace WHERE nspname = 'roundtrip'`,
      );
      assert.equal(rows.length, 0, 'nothing of ours is left');
      assert.deepEqual(Object.values(await countAppliedChanges(back, ['orders'])), [
        { unknown: 'the return database noted no changes' },
      ]);
    });
  });

  it('is counted of partitions as of their table, and only where changes are applied', async () => {
    const shop = await reverseShop(cluster);
    await shop.onReturn(
      `CREATE TABLE parts (id bigint PRIMARY KEY, total int) PARTITION BY RANGE (id);
       CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (100);
       CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (100) TO (200)`,
    );
    await withClient(shop.return, { applicationName: 'applied changes test' }, async (back) => {
      await noteAppliedChanges(back, ['public.parts']);
      // As an apply worker does.
      await back.query(
        `SET session_replication_role = replica; INSERT INTO parts VALUES (1, 1), (2, 1), (101, 1)`,
      );
      await back.query('UPDATE parts SET total = 2 WHERE id = 101; DELETE FROM parts WHERE id = 1');
      await back.query('SET session_replication_role = origin; DELETE FROM parts');
      assert.deepEqual(await countAppliedChanges(back, ['parts']), {
        'public.parts': { ...NO_CHANGES, inserted: 3, updated: 1, deleted: 1 },
      });
    });
  });

  it('names a TRUNCATE that came along', async () => {
    const shop = await reverseShop(cluster);
    const { stream } = await armReverse({
      ...shop,
      tables: PROTECTED,
      noted: ['order_items'],
      name: 'emptied',
      ...LIMIT,
    });
    await shop.onLive('TRUNCATE order_items');
    await drained(shop, stream, async (back, live) => {
      assert.deepEqual(await countAppliedChanges(back, ['order_items']), {
        'public.order_items': { ...NO_CHANGES, emptied: 1 },
      });
      await disarmReverse({ live, return: back }, stream, LIMIT);
    });
  });
});
