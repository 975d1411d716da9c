import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import pg from 'pg';
import { relayRows } from '../../../src/onec/merge/relay-rows.ts';
import { type ShopDatabase, type ShopDatabases, shopDatabases } from '../shop-database.ts';

const COLUMNS = 'n int8, name text COLLATE "C"';

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
  beforeEach(async () => {
    await source.query('BEGIN');
  });
  afterEach(async () => {
    await source.query('ROLLBACK');
    await target.query('TRUNCATE numbers');
  });
  after(async () => {
    await source.end();
    await target.end();
    await databases.release();
  });

  const relay = async (rows: string, into = 'numbers'): Promise<number> =>
    await relayRows({ source, rows, target: async () => target, into, columns: COLUMNS });
  const carried = async (): Promise<number> =>
    (await target.query<{ n: number }>('SELECT count(*)::int AS n FROM numbers')).rows[0]?.n ?? -1;

  it('carries none, several batches, long values, nulls and signs of every kind', async () => {
    await relay('SELECT 1::int8 AS n, NULL::text AS name WHERE false');
    assert.equal(await carried(), 0);
    await relay(
      `SELECT n::int8, CASE WHEN n % 3 > 0 THEN chr((n % 60000 % 55000 + 1)::int) || repeat('ё"\\', (n % 7)::int) END AS name
       FROM generate_series(1, 25000) n UNION ALL SELECT 0, repeat('x', 3000000)`,
    );
    const { rows } = await target.query(
      `SELECT count(*)::int AS n, bool_and(name IS NOT DISTINCT FROM
         CASE WHEN n % 3 > 0 THEN chr((n % 60000 % 55000 + 1)::int) || repeat('ё"\\', (n % 7)::int) END) AS same
       FROM numbers WHERE n > 0`,
    );
    assert.deepEqual(rows, [{ n: 25_000, same: true }]);
  });

  it('carries what only the transaction of the source sees', async () => {
    await source.query('CREATE TABLE unseen AS SELECT 7 AS n');
    await relay(`SELECT n, 'x' AS name FROM unseen`);
    assert.deepEqual((await target.query('SELECT n::int4 FROM numbers')).rows, [{ n: 7 }]);
  });

  it('fails with the error of the source, and of the target, and leaves the other one usable', async () => {
    await assert.rejects(relay('SELECT 1 AS n, name FROM nowhere'), { code: '42P01' });
    await source.query('ROLLBACK; BEGIN');
    await assert.rejects(
      relay('SELECT 1000 / (15000 - n) AS n, 1 AS name FROM generate_series(1, 20000) n'),
      {
        code: '22012',
      },
    );
    await source.query('ROLLBACK; BEGIN');
    await assert.rejects(relay('SELECT 1 AS n, 1 AS name', 'nowhere'), { code: '42P01' });
    await source.query('ROLLBACK; BEGIN');
    await assert.rejects(relay('SELECT n * 100 AS n, 1 AS name FROM generate_series(1, 20000) n'), {
      code: '23514',
    });
    assert.deepEqual((await source.query('SELECT 1 AS one')).rows, [{ one: 1 }]);
  });

  it('fails when the target is lost in the middle, and the source can roll back', async () => {
    const lost = new pg.Client(shop.connection);
    lost.on('error', () => undefined);
    await lost.connect();
    const { rows } = await lost.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const relayed = relayRows({
      source,
      target: async () => lost,
      rows: `SELECT n, CASE WHEN n = 15000 THEN pg_terminate_backend(${rows[0]?.pid}, 300000)::text END AS name
        FROM generate_series(1, 50000) n`,
      into: 'numbers',
      columns: COLUMNS,
    });
    await assert.rejects(relayed, /terminat|not queryable|ECONNRESET|EPIPE/);
    await source.query('ROLLBACK; BEGIN');
    assert.equal(await carried(), 10_000);
    await lost.end();
  });
});
