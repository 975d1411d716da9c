import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testCluster } from 'pg-cluster/testing';
import { differingRows } from '../../src/postgres/drill-down.ts';

const cluster = await testCluster();
after(() => cluster.release());

async function pair(schema: string) {
  const a = await cluster.createDatabase();
  await cluster.query(schema, [], a.database);
  const b = await cluster.createDatabase({ template: a.database });
  return { a, b, onB: (text: string) => cluster.query(text, [], b.database) };
}

const ITEMS = `CREATE TABLE items (id bigint PRIMARY KEY, note text, total numeric(10,2));
  INSERT INTO items SELECT n, 'note ' || n, n FROM generate_series(1, 60000) n; ANALYZE items`;

test('one changed letter, a missing and an additional row are named by key and column', async () => {
  const { a, b, onB } = await pair(ITEMS);
  assert.deepEqual((await differingRows(a, b, 'items', { max: 5 })).rows, []);
  await onB(
    `UPDATE items SET note = 'Note 41234' WHERE id = 41234; DELETE FROM items WHERE id = 7; INSERT INTO items VALUES (70000, NULL, NULL)`,
  );
  const { rows, complete } = await differingRows(a, b, 'items', { max: 5 });
  assert.equal(complete, true);
  assert.deepEqual(rows, [
    { key: { id: '7' }, kind: 'only-in-a', columns: [] },
    { key: { id: '41234' }, kind: 'changed', columns: ['note'] },
    { key: { id: '70000' }, kind: 'only-in-b', columns: [] },
  ]);
});

test('values exchanged between two rows are found', async () => {
  const { a, b, onB } = await pair(ITEMS);
  await onB(`UPDATE items SET total = CASE id WHEN 100 THEN 50000 ELSE 100 END WHERE id IN (100, 50000)`);
  const { rows } = await differingRows(a, b, 'items', { max: 5 });
  assert.deepEqual(
    rows.map(({ key, columns }) => [key.id, columns]),
    [
      ['100', ['total']],
      ['50000', ['total']],
    ],
  );
});

test('the search stops at the number asked for and says so', async () => {
  const { a, b, onB } = await pair(ITEMS);
  await onB(`UPDATE items SET total = total + 1`);
  const { rows, complete } = await differingRows(a, b, 'items', { max: 3 });
  assert.deepEqual([rows.length, complete], [3, false]);
});

test('composite keys, strange names and columns that one side lacks', async () => {
  const { a, b, onB } = await pair(
    `CREATE SCHEMA "my.shop"; CREATE TABLE "my.shop"."Order Lines" (lang varchar(5), "No." int, v jsonb, PRIMARY KEY (lang, "No."));
     INSERT INTO "my.shop"."Order Lines" SELECT l, n, '{"a":1.0}' FROM unnest(ARRAY['de', 'en', 'ru']) l, generate_series(1, 3000) n`,
  );
  await onB(
    `UPDATE "my.shop"."Order Lines" SET v = '{"a":1.00}' WHERE lang = 'en' AND "No." = 2222; ALTER TABLE "my.shop"."Order Lines" ADD extra int`,
  );
  const { rows, uncompared } = await differingRows(a, b, '"my.shop"."Order Lines"', { max: 9 });
  assert.deepEqual(rows, [{ key: { lang: 'en', 'No.': '2222' }, kind: 'changed', columns: ['v'] }]);
  assert.deepEqual(uncompared, ['extra']);
});

test('a table without a key, or on one side only, is refused by name', async () => {
  const { a, b, onB } = await pair('CREATE TABLE keyless (id int); CREATE TABLE gone (id int PRIMARY KEY)');
  await onB('DROP TABLE gone');
  await assert.rejects(differingRows(a, b, 'keyless', { max: 1 }), { code: 'no-primary-key' });
  await assert.rejects(differingRows(a, b, 'gone', { max: 1 }), { code: 'table-missing' });
});
