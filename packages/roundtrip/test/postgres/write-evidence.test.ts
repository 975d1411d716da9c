import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type TestCluster, testCluster } from 'pg-cluster/testing';
import { withClient } from '../../src/postgres/connection.ts';
import { compareFingerprints, fingerprintTables } from '../../src/postgres/fingerprint.ts';
import {
  type RowsWritten,
  rowsWrittenSince,
  type WriteHorizon,
  writeHorizon,
} from '../../src/postgres/write-evidence.ts';

type Database = ReturnType<TestCluster['address']>;
const SESSION = { applicationName: 'evidence' };
const TABLE = 'CREATE TABLE orders (id int PRIMARY KEY, total int, note varchar(10))';
const ROWS = "INSERT INTO orders SELECT n, n * 10, 'paid' FROM generate_series(1, 100) AS n";

let cluster: TestCluster;
before(async () => {
  cluster = await testCluster();
});
after(() => cluster.release());

async function shop(setUp: readonly string[] = [TABLE, ROWS]): Promise<Database> {
  const database = await cluster.createDatabase({ prefix: 'written' });
  for (const sql of setUp) await cluster.query(sql, [], database.database);
  return database;
}

/** What is counted in `orders` after these statements, each a transaction of its own. */
async function writtenBy(
  database: Database,
  statements: readonly string[],
): Promise<RowsWritten | undefined> {
  const horizon = await withClient(database, SESSION, writeHorizon);
  for (const sql of statements) await cluster.query(sql, [], database.database);
  return since(database, horizon);
}

async function since(database: Database, horizon: WriteHorizon): Promise<RowsWritten | undefined> {
  const written = await withClient(database, SESSION, (client) =>
    rowsWrittenSince(client, { horizon, tables: ['orders'] }),
  );
  return written['public.orders'];
}

describe('the rows that were written since a horizon', () => {
  it('sees an update that was put back, although the fingerprints are equal', async () => {
    const database = await shop();
    const fingerprint = await fingerprintTables(database, { tables: ['orders'] });
    const sneaky = [
      'UPDATE orders SET total = total + 1 WHERE id <= 7',
      'UPDATE orders SET total = total - 1 WHERE id <= 7',
    ];
    assert.deepEqual(await writtenBy(database, sneaky), { rows: '7' });
    assert.deepEqual(
      compareFingerprints(fingerprint, await fingerprintTables(database, { tables: ['orders'] })),
      [],
    );
  });

  it('sees a delete that was put back, and one update of a savepoint', async () => {
    const database = await shop();
    const again = ['DELETE FROM orders WHERE id = 3', "INSERT INTO orders VALUES (3, 30, 'paid')"];
    assert.deepEqual(await writtenBy(database, again), { rows: '1' });
    const nested = ['BEGIN; SAVEPOINT a; UPDATE orders SET total = total WHERE id = 4; RELEASE a; COMMIT'];
    assert.deepEqual(await writtenBy(database, nested), { rows: '1' });
  });

  it('is 0 for reads, row locks, freezing, an index, a new constraint, other tables, and what was rolled back', async () => {
    const database = await shop();
    const harmless = [
      'SELECT * FROM orders FOR UPDATE',
      'VACUUM FREEZE orders',
      'CREATE INDEX ON orders (total)',
      'ALTER TABLE orders ADD CHECK (total > 0)',
      'CREATE TABLE lines (order_id int REFERENCES orders); INSERT INTO lines VALUES (1)',
      'BEGIN; UPDATE orders SET total = 999 WHERE id = 1; ROLLBACK',
      'VACUUM FULL orders',
    ];
    assert.deepEqual(await writtenBy(database, harmless), { rows: '0' });
    // Nothing at all happened: the horizon itself is still the next transaction.
    assert.deepEqual(await writtenBy(database, []), { rows: '0' });
  });

  it('sees what a transaction wrote that was under way at the horizon', async () => {
    const database = await shop();
    await withClient(database, SESSION, async (customer) => {
      await customer.query('BEGIN; UPDATE orders SET total = total WHERE id IN (1, 2)');
      await cluster.query('CREATE TABLE later (id int)', [], database.database);
      const horizon = await withClient(database, SESSION, writeHorizon);
      await customer.query('COMMIT');
      assert.deepEqual(await since(database, horizon), { rows: '2' });
    });
  });

  it('says unknown, never 0, of a table that was rewritten, emptied or created anew, and of another database', async () => {
    const reason = async (statements: readonly string[]): Promise<string> => {
      const written = await writtenBy(await shop(), statements);
      assert.ok(written !== undefined && 'unknown' in written, JSON.stringify(written));
      return written.unknown;
    };
    assert.match(await reason(['ALTER TABLE orders ALTER total TYPE bigint']), /rewritten/);
    assert.match(await reason(['TRUNCATE orders', ROWS]), /rewritten or emptied/);
    assert.match(await reason(['DROP TABLE orders', TABLE, ROWS]), /created anew/);
    assert.match(await reason(['DROP TABLE orders']), /not there/);
    const horizon = await withClient(await shop(), SESSION, writeHorizon);
    const elsewhere = await since(await shop(), horizon);
    assert.deepEqual(elsewhere, { unknown: 'the horizon was taken in another database' });
  });

  it('counts in the leaves of a partitioned table', async () => {
    const parts = [
      'CREATE TABLE orders (id int, total int) PARTITION BY RANGE (id)',
      'CREATE TABLE "Old orders" PARTITION OF orders FOR VALUES FROM (0) TO (50)',
      'CREATE TABLE new_orders PARTITION OF orders FOR VALUES FROM (50) TO (500)',
      'INSERT INTO orders SELECT n, n FROM generate_series(1, 100) AS n',
    ];
    const update = 'UPDATE orders SET total = total WHERE id BETWEEN 48 AND 52';
    assert.deepEqual(await writtenBy(await shop(parts), [update]), { rows: '5' });
  });
});
