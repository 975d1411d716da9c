import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testCluster } from 'pg-cluster/testing';
import { listTables } from '../../src/postgres/columns.ts';
import { withClient } from '../../src/postgres/connection.ts';
import {
  compareFingerprints,
  fingerprintTables,
  SPLIT_PAGES,
  type TableFingerprint,
} from '../../src/postgres/fingerprint.ts';

const cluster = await testCluster();
after(() => cluster.release());
const address = await cluster.createDatabase();
const sql = (text: string) => cluster.query(text, [], address.database);

/** The fingerprint of a table named x that is made by these statements. */
async function of(statements: string): Promise<TableFingerprint> {
  await sql(`DROP TABLE IF EXISTS x; ${statements}`);
  const print = (await fingerprintTables(address, { tables: ['x'] }))['public.x'];
  assert.ok(print);
  return print;
}

async function differ(a: string, b: string): Promise<boolean> {
  return (await of(a)).digest !== (await of(b)).digest;
}

test('the order of rows does not matter, their number and values do', async () => {
  const table = 'CREATE TABLE x (v text);';
  assert.equal(
    await differ(`${table} INSERT INTO x VALUES ('a'), ('b')`, `${table} INSERT INTO x VALUES ('b'), ('a')`),
    false,
  );
  assert.equal(
    await differ(
      `${table} INSERT INTO x VALUES ('a'), ('a'), ('b')`,
      `${table} INSERT INTO x VALUES ('c'), ('c'), ('b')`,
    ),
    true,
  );
  assert.equal(
    await differ(`${table} INSERT INTO x VALUES ('a')`, `${table} INSERT INTO x VALUES ('a '), ('a')`),
    true,
  );
  assert.equal(
    await differ(`${table} INSERT INTO x VALUES (NULL)`, `${table} INSERT INTO x VALUES ('')`),
    true,
  );
});

test('two rows that exchange the values of one column are seen', async () => {
  const table = 'CREATE TABLE x (id int, total numeric(10,2), note text);';
  const before = await of(`${table} INSERT INTO x VALUES (1, 10, 'n'), (2, 20, 'm')`);
  const exchanged = await of(`${table} INSERT INTO x VALUES (1, 20, 'n'), (2, 10, 'm')`);
  assert.equal(before.rows, exchanged.rows);
  assert.notEqual(before.digest.slice(0, 16), exchanged.digest.slice(0, 16));
  assert.notEqual(before.digest.slice(16), exchanged.digest.slice(16));
});

test('values that compare equal but are not the same are told apart', async () => {
  const pairs: readonly [string, string, string][] = [
    ['numeric', '1.0', '1.00'],
    ['jsonb', `'{"a":1.0}'`, `'{"a":1.00}'`],
    ['float8', '0', `'-0'`],
    ['numeric[]', `'{1.0}'`, `'{1.00}'`],
    ['interval', `'1 day'`, `'24 hours'`],
  ];
  for (const [type, a, b] of pairs) {
    const table = `CREATE TABLE x (v ${type}); INSERT INTO x VALUES`;
    assert.equal(await differ(`${table} (${a})`, `${table} (${b})`), true, `${type} ${a} ${b}`);
  }
  await sql(
    `CREATE COLLATION IF NOT EXISTS insensitive (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
  );
  const folded = 'CREATE TABLE x (v text COLLATE insensitive); INSERT INTO x VALUES';
  assert.equal(await differ(`${folded} ('A')`, `${folded} ('a')`), true);
});

test('the settings of a role or database do not matter', async () => {
  const table = `CREATE TABLE x (at timestamptz[], r tstzrange, f float4, b bytea, i interval);
    INSERT INTO x VALUES (ARRAY[timestamptz '2026-03-29 01:30+00'], '[2026-01-01 00:00+00,]', 0.1, '\\x00ff', '1 mon 2 days')`;
  const plain = await of(table);
  for (const [name, value] of [
    ['TimeZone', 'Europe/Moscow'],
    ['DateStyle', 'SQL,DMY'],
    ['bytea_output', 'escape'],
    ['extra_float_digits', '-5'],
    ['IntervalStyle', 'iso_8601'],
    ['search_path', 'nowhere'],
  ])
    await sql(`ALTER DATABASE ${address.database} SET "${name}" = '${value}'`);
  const pinned = (await fingerprintTables(address, { tables: ['public.x'] }))['public.x'];
  await sql(`ALTER DATABASE ${address.database} RESET ALL`);
  assert.deepEqual(pinned, plain);
});

test('a table split into ranges of pages has the fingerprint of the whole', async () => {
  await sql(`DROP TABLE IF EXISTS big; CREATE UNLOGGED TABLE big (id int, pad text);
    ALTER TABLE big ALTER pad SET STORAGE PLAIN;
    INSERT INTO big SELECT n, repeat('x', 7000) FROM generate_series(1, ${SPLIT_PAGES + 100}) n;
    DELETE FROM big WHERE id % 3 = 0`);
  const one = await fingerprintTables(address, { tables: ['big'], workers: 1 });
  const many = await fingerprintTables(address, { tables: ['big'], workers: 3 });
  assert.equal(one['public.big']?.rows, String(SPLIT_PAGES + 100 - Math.floor((SPLIT_PAGES + 100) / 3)));
  assert.deepEqual(many, one);
  await sql('DROP TABLE big');
});

test('a table without columns, an empty one and one with a dropped column have fingerprints', async () => {
  const none = await of('CREATE TABLE x (); INSERT INTO x DEFAULT VALUES; INSERT INTO x DEFAULT VALUES');
  assert.deepEqual([none.rows, none.columns], ['2', []]);
  const empty = await of('CREATE TABLE x (id int)');
  assert.deepEqual([empty.rows, empty.digest], ['0', '0'.repeat(32)]);
  const dropped = await of(
    'CREATE TABLE x (gone int, id int); INSERT INTO x VALUES (1, 2); ALTER TABLE x DROP gone',
  );
  const fresh = await of('CREATE TABLE x (id int); INSERT INTO x VALUES (2)');
  assert.deepEqual(dropped, fresh);
});

test('a partitioned table is one table, wherever its rows lie', async () => {
  const plain = await of(
    'CREATE TABLE x (id int, v text); INSERT INTO x SELECT n, n::text FROM generate_series(1, 50) n',
  );
  const parted = await of(`CREATE TABLE x (id int, v text) PARTITION BY RANGE (id);
    CREATE TABLE x_low PARTITION OF x FOR VALUES FROM (0) TO (20);
    CREATE TABLE x_high (v text, gone int, id int); ALTER TABLE x_high DROP gone;
    ALTER TABLE x ATTACH PARTITION x_high FOR VALUES FROM (20) TO (100);
    INSERT INTO x SELECT n, n::text FROM generate_series(1, 50) n`);
  assert.deepEqual(parted, plain);
  const empty = await of('CREATE TABLE x (id int) PARTITION BY LIST (id)');
  assert.equal(empty.rows, '0');
});

test('names with dots, capitals, blanks and keywords are safe and keep apart', async () => {
  await sql(`DROP TABLE IF EXISTS x; CREATE SCHEMA "my.shop"; CREATE SCHEMA my;
    CREATE TABLE "my.shop"."Order Lines" ("Id.x" int); INSERT INTO "my.shop"."Order Lines" VALUES (1);
    CREATE TABLE my."shop.t" (id int); CREATE TABLE "my.shop".t (id int); INSERT INTO "my.shop".t VALUES (1);
    CREATE TABLE "user" (id int); CREATE TABLE "Orders" (id int); CREATE TABLE orders (id int)`);
  const prints = await fingerprintTables(address);
  assert.deepEqual(Object.keys(prints).sort(), [
    '"my.shop"."Order Lines"',
    '"my.shop".t',
    'my."shop.t"',
    'public."Orders"',
    'public.orders',
    'public.user',
  ]);
  assert.equal(prints['"my.shop".t']?.rows, '1');
  assert.equal(prints['my."shop.t"']?.rows, '0');
  const asked = await fingerprintTables(address, { tables: ['user', '"Orders"', '"my.shop"."Order Lines"'] });
  assert.deepEqual(Object.keys(asked).sort(), ['"my.shop"."Order Lines"', 'public."Orders"', 'public.user']);
  await sql('DROP SCHEMA "my.shop", my CASCADE; DROP TABLE "user", "Orders", orders');
});

test('all tables are read in the snapshot that is given', async () => {
  await sql('DROP TABLE IF EXISTS x; CREATE TABLE x (id int); INSERT INTO x VALUES (1)');
  await withClient(address, { applicationName: 'exporter' }, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const { rows } = await client.query('SELECT pg_export_snapshot() AS id');
    await sql('INSERT INTO x VALUES (2)');
    const then = await fingerprintTables(address, { snapshot: rows[0].id, tables: ['x'] });
    const now = await fingerprintTables(address, { tables: ['x'] });
    assert.deepEqual([then['public.x']?.rows, now['public.x']?.rows], ['1', '2']);
    assert.deepEqual(compareFingerprints(then, now), ['public.x']);
    assert.deepEqual(
      compareFingerprints(then, { ...then, 'public.y': { rows: '0', digest: '', columns: [] } }),
      ['public.y'],
    );
  });
});

test('a missing table is named; tables of extensions are not the user’s', async () => {
  await assert.rejects(fingerprintTables(address, { tables: ['x', 'no_such'] }), { code: 'table-missing' });
  await sql('CREATE TABLE member (id int)');
  await sql('CREATE EXTENSION pg_trgm; ALTER EXTENSION pg_trgm ADD TABLE member');
  const names = await withClient(address, { applicationName: 't' }, async (client) =>
    (await listTables(client)).map(({ table }) => table),
  );
  assert.equal(names.includes('public.member'), false);
});
