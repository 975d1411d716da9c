import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { relayRows } from '../../../src/onec/merge/relay-rows.ts';
import { type ShopDatabase, type ShopDatabases, shopDatabases } from '../shop-database.ts';

describe('relayRows', () => {
  let databases: ShopDatabases;
  let shop: ShopDatabase;
  let source: pg.Client;
  let target: pg.Client;
  before(async () => {
    databases = await shopDatabases();
    shop = await databases.create();
    source = new pg.Client(shop.connection);
    target = new pg.Client(shop.connection);
    await source.connect();
    await target.connect();
    await target.query('CREATE TABLE numbers (n int8 NOT NULL CHECK (n < 1000000), name text)');
  });
  after(async () => {
    await source.end();
    await target.end();
    await databases.release();
  });

  const relay = async (rows: string): Promise<number> =>
    await relayRows({ source, rows, target, into: 'numbers (n, name)' });
  /** Both connections answer, and the table holds so many rows. */
  const usable = async (count: number): Promise<void> => {
    assert.deepEqual((await source.query('SELECT 1 AS one')).rows, [{ one: 1 }]);
    assert.deepEqual((await target.query('SELECT count(*)::int AS n FROM numbers')).rows, [{ n: count }]);
  };

  it('carries rows of every length, none and many, into an open transaction', async () => {
    assert.equal(await relay('SELECT 1::int8, NULL::text WHERE false'), 0);
    await target.query('BEGIN');
    // Lengths around what a socket hands over at once, so that it cuts messages and their headers everywhere.
    assert.equal(
      await relay(`SELECT n::int8, repeat('ё', (n * 7919 % 5000)::int) FROM generate_series(1, 20000) n`),
      20_000,
    );
    assert.equal(await relay(`SELECT 0::int8, repeat('x', 3000000)`), 1);
    const { rows } = await target.query(
      `SELECT count(*)::int AS n, bool_and(name = repeat('ё', (n * 7919 % 5000)::int)) AS same FROM numbers WHERE n > 0`,
    );
    assert.deepEqual(rows, [{ n: 20_000, same: true }]);
    await target.query('ROLLBACK');
    await usable(0);
  });

  it('fails with the error of the source, before and among the rows, and leaves both connections usable', async () => {
    await assert.rejects(relay('SELECT 1::int8, name FROM nowhere'), { code: '42P01' });
    await usable(0);
    await assert.rejects(
      relay(`SELECT n::int8, (1000 / (9000 - n))::text FROM generate_series(1, 10000) n`),
      { code: '22012' },
    );
    await usable(0);
  });

  it('fails with the error of the target, before and among the rows, and leaves both connections usable', async () => {
    await assert.rejects(relayRows({ source, rows: 'SELECT 1', target, into: 'nowhere (n)' }), {
      code: '42P01',
    });
    await usable(0);
    await assert.rejects(relay(`SELECT n * 100::int8, repeat('x', 1000) FROM generate_series(1, 20000) n`), {
      code: '23514',
    });
    await usable(0);
    assert.equal(await relay(`SELECT 5::int8, 'five'`), 1);
    await usable(1);
    await target.query('TRUNCATE numbers');
  });

  for (const side of ['source', 'target'] as const) {
    it(`fails when the ${side} is lost`, async () => {
      const lost = new pg.Client(shop.connection);
      lost.on('error', () => undefined);
      await lost.connect();
      const { rows } = await lost.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const gate = new pg.Client(shop.connection);
      await gate.connect();
      await gate.query('SELECT pg_advisory_lock(42)');
      // The rows stop at the gate until the connection is gone, and go on after it.
      const relayed = relayRows({
        source,
        target,
        [side]: lost,
        rows: `SELECT n::int8, CASE WHEN n = 50 THEN pg_advisory_lock_shared(42)::text ELSE repeat('x', 100000) END
          FROM generate_series(1, 200) n`,
        into: 'numbers (n, name)',
      });
      relayed.catch(() => undefined);
      await shop.query('SELECT pg_terminate_backend($1, 300000)', [rows[0]?.pid]);
      await gate.end();
      await assert.rejects(relayed, /terminat|not queryable|ECONNRESET|EPIPE/);
      await usable(0);
      await lost.end();
    });
  }
});
