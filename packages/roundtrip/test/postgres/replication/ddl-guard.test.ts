import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { type Client, connect, withClient } from '../../../src/postgres/connection.ts';
import { describeDatabase } from '../../../src/postgres/describe.ts';
import { catalogueStamp } from '../../../src/postgres/replication/catalogue-stamp.ts';
import { installDdlGuard, removeDdlGuard, schemaDrift } from '../../../src/postgres/replication/index.ts';

let cluster: PrivateCluster;
before(async () => {
  cluster = await createCluster({ name: 'ddl-guard' });
  await cluster.query('CREATE ROLE shop LOGIN');
});
after(() => cluster.stop());

let made = 0;
let database: string;
beforeEach(async () => {
  made += 1;
  database = `guarded${made}`;
  await cluster.query(`CREATE DATABASE ${database} OWNER shop`);
  await cluster.query(
    `CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders VALUES (1, 'x'); GRANT ALL ON orders TO shop;
     CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM orders; ALTER TABLE orders OWNER TO shop;
     CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE mood AS ENUM ('good')`,
    [],
    database,
  );
});

const session = <T>(work: (client: Client) => Promise<T>): Promise<T> =>
  withClient(cluster.address(database), { applicationName: 't' }, work);

const GUARD = { stream: 'roundtrip_forward_x', until: 'the switch at 03:00' };

const CHANGES = [
  'ALTER TABLE orders ADD late int',
  'ALTER TABLE orders ALTER id TYPE bigint',
  'ALTER TABLE orders ALTER note SET NOT NULL',
  'CREATE INDEX ON orders (note)',
  'CREATE INDEX CONCURRENTLY orders_note ON orders (note)',
  'CREATE TABLE more (id int)',
  'CREATE TABLE more AS SELECT 1 AS id',
  'DROP TABLE orders CASCADE',
  'ALTER TABLE orders RENAME note TO remark',
  `COMMENT ON TABLE orders IS 'ours'`,
  'GRANT SELECT ON orders TO PUBLIC',
  `CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'`,
  'DROP FUNCTION f()',
  `ALTER TYPE mood ADD VALUE 'bad'`,
  'CREATE SCHEMA other',
  'CREATE VIEW v AS SELECT 1',
  'CREATE POLICY p ON orders',
  'CREATE RULE r AS ON DELETE TO orders DO INSTEAD NOTHING',
  'CREATE STATISTICS s ON id, note FROM orders',
  'CREATE AGGREGATE total (int) (sfunc = int4pl, stype = int)',
  'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC',
];

test('trap: DDL is refused while a copy is kept in step, of superusers too, with the reason and the end', async () => {
  await session(async (client) => {
    assert.equal(await installDdlGuard(client, GUARD), true);
    const described = await describeDatabase(client);
    await client.query('RESET search_path');
    for (const change of CHANGES) {
      await assert.rejects(
        client.query(change),
        (error) => {
          const { code, message, hint } = error as { code?: string; message: string; hint?: string };
          assert.equal(code, '55000', `${change}: ${message}`);
          assert.match(
            message,
            /DDL is refused in guarded\d+: .*roundtrip_forward_x.* would lack the change/,
          );
          assert.match(hint ?? '', /until the switch at 03:00/);
          return true;
        },
        change,
      );
    }
    await client.query('SET session_replication_role = replica');
    await assert.rejects(client.query('CREATE TABLE more (id int)'), { code: '55000' });
    // Nothing of it stayed: an index that was built CONCURRENTLY would have.
    assert.deepEqual((await describeDatabase(client)).facts, described.facts);
  });
});

test('an application goes on working under the guard: rows, temporary objects, REINDEX and REFRESH', async () => {
  await session((client) => installDdlGuard(client, GUARD));
  await session(async (client) => {
    await client.query('SET ROLE shop');
    for (const text of [
      `UPDATE orders SET note = 'y'`,
      'CREATE TEMP TABLE staged (id serial PRIMARY KEY, note text DEFAULT 1)',
      'ALTER TABLE staged ADD more int',
      'ALTER TABLE staged ALTER id TYPE bigint',
      'CREATE INDEX ON staged (note)',
      'CREATE TEMP VIEW shown AS SELECT * FROM staged',
      'DROP VIEW shown',
      'DROP TABLE staged',
      'BEGIN; CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT 1; COMMIT',
      'CREATE TABLE IF NOT EXISTS orders (id int)',
      'TRUNCATE orders',
      'REINDEX TABLE orders',
      'ANALYZE orders',
      'RESET ROLE',
      'REFRESH MATERIALIZED VIEW totals',
    ])
      await assert.doesNotReject(client.query(text), text);
  });
});

test('the guard leaves without trace, may come twice, and is no drift', async () => {
  const described = await session(describeDatabase);
  await session(async (client) => {
    await installDdlGuard(client, GUARD);
    await installDdlGuard(client, GUARD);
    assert.deepEqual(await schemaDrift(cluster.address(database), described), []);
    await removeDdlGuard(client);
    await removeDdlGuard(client);
    await client.query('DROP SCHEMA roundtrip');
  });
  assert.deepEqual((await session(describeDatabase)).facts, described.facts);
});

test('a role that may not make event triggers is told, and nothing of the guard is left', async () => {
  await session(async (client) => {
    await client.query('SET ROLE shop');
    assert.equal(await installDdlGuard(client, GUARD), false);
    await client.query('CREATE TABLE more (id int)');
  });
});

test('the stamp of the catalogue changes with every change of the schema, and not with rows', async () => {
  const watch = await connect(cluster.address(database), { applicationName: 'watch' });
  try {
    const lasting = CHANGES.filter((change) => !/CONCURRENTLY|DROP|RENAME|more AS/.test(change));
    for (const change of [
      ...lasting,
      'ALTER TABLE orders REPLICA IDENTITY FULL',
      'ALTER TABLE orders ENABLE ROW LEVEL SECURITY',
      'ALTER SEQUENCE s1 INCREMENT 5',
      `ALTER DATABASE ${database} SET work_mem = '5MB'`,
      'CREATE PUBLICATION p FOR TABLE orders',
      'DROP INDEX orders_note_idx',
      'DROP VIEW v',
    ]) {
      if (/s1/.test(change)) await cluster.query('CREATE SEQUENCE s1', [], database);
      const before = await catalogueStamp(watch);
      await cluster.query(change, [], database);
      assert.notEqual(await catalogueStamp(watch), before, change);
    }
    const before = await catalogueStamp(watch);
    for (const harmless of [
      `DELETE FROM orders`,
      `INSERT INTO orders SELECT n, 'n' FROM generate_series(1, 1000) n ON CONFLICT DO NOTHING`,
      'CREATE TEMP TABLE staged (id serial PRIMARY KEY, note text); CREATE INDEX ON staged (note)',
      'VACUUM ANALYZE',
      `SELECT nextval('s1')`,
    ]) {
      await cluster.query(harmless, [], database);
      assert.equal(await catalogueStamp(watch), before, harmless);
    }
  } finally {
    await watch.end();
  }
});
