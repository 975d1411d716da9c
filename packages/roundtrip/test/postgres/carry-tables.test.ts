import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testCluster } from 'pg-cluster/testing';
import { carryTables } from '../../src/postgres/carry-tables.ts';
import { type DatabaseAddress, withClient } from '../../src/postgres/connection.ts';
import { columnsInCommon } from '../../src/postgres/replication/index.ts';

const cluster = await testCluster();
after(() => cluster.release());

async function carry(from: DatabaseAddress, to: DatabaseAddress): Promise<void> {
  await withClient(from, { applicationName: 't' }, (ours) =>
    withClient(to, { applicationName: 't' }, async (theirs) =>
      carryTables({ from: ours, to: theirs, tables: await columnsInCommon(ours, theirs, ['orders']) }),
    ),
  );
}

test('a row that the old schema does not hold is named, nothing is changed, and room made by hand lets it pass', async () => {
  const schema = `CREATE TYPE status AS ENUM ('new');
    CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status status, twice int GENERATED ALWAYS AS (2) STORED);
    INSERT INTO orders (status) VALUES ('new')`;
  const [live, back] = [await cluster.createDatabase(), await cluster.createDatabase()];
  for (const { database } of [live, back]) await cluster.query(schema, [], database);
  await cluster.query("ALTER TYPE status ADD VALUE 'shipped'", [], live.database);
  await cluster.query("INSERT INTO orders (status) VALUES ('shipped')", [], live.database);
  const rows = async () =>
    (await cluster.query('SELECT id, status FROM orders ORDER BY id', [], back.database)).rows;
  await assert.rejects(carry(live, back), (error) => {
    const { code, seen, next } = error as { code?: string; seen?: string; next?: string };
    assert.equal(code, 'row-not-taken');
    assert.match(seen ?? '', /public\.orders .*"shipped".*line 2, column status/);
    assert.match(next ?? '', new RegExp(`in ${back.database} by hand`));
    return true;
  });
  assert.deepEqual(await rows(), [{ id: 1, status: 'new' }]);
  await cluster.query("ALTER TYPE status ADD VALUE 'shipped'", [], back.database);
  await carry(live, back);
  assert.deepEqual(await rows(), [
    { id: 1, status: 'new' },
    { id: 2, status: 'shipped' },
  ]);
});
