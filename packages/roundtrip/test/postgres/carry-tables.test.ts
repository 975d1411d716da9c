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

test('a session that is lost in the middle is named as what it is, and nothing hangs', async () => {
  const [live, back] = [await cluster.createDatabase(), await cluster.createDatabase()];
  for (const { database } of [live, back])
    await cluster.query('CREATE TABLE orders (id int PRIMARY KEY, note text)', [], database);
  await cluster.query(
    `INSERT INTO orders SELECT n, repeat('x', 1000) FROM generate_series(1, 50000) n`,
    [],
    live.database,
  );
  await cluster.query(
    `CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       PERFORM pg_terminate_backend(pg_backend_pid()); RETURN new; END $$;
     CREATE TRIGGER in_the_middle BEFORE INSERT ON orders FOR EACH ROW WHEN (new.id = 25000) EXECUTE FUNCTION end_session();
     ALTER TABLE orders ENABLE ALWAYS TRIGGER in_the_middle`,
    [],
    back.database,
  );
  // The server says why and closes; where a write comes in between, the operating system drops what it has said.
  await assert.rejects(carry(live, back), (error) => {
    assert.ok(error instanceof Error && 'code' in error);
    return ['57P01', 'ECONNRESET', 'EPIPE'].includes(String(error.code));
  });
  assert.deepEqual((await cluster.query('SELECT count(*)::int AS n FROM orders', [], back.database)).rows, [
    { n: 0 },
  ]);
});
