import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { testCluster } from 'pg-cluster/testing';
import { type BlastRow, blastRadius } from '../../src/postgres/blast-radius.ts';
import { withClient } from '../../src/postgres/connection.ts';
import type { AlsoReached } from '../../src/postgres/declared-reference.ts';
import { unvalidatedForeignKeys } from '../../src/postgres/foreign-keys.ts';

const cluster = await testCluster();
after(() => cluster.release());

/** What a delete reaches, as "table effect rows", in a new database made by `schema`. */
async function reach(
  schema: string,
  deleteFrom: string,
  options: { where?: string; protect?: string[]; also?: AlsoReached[] } = {},
) {
  const address = await cluster.createDatabase();
  await cluster.query(schema, [], address.database);
  return withClient(address, { applicationName: 'blast' }, async (client) => {
    const radius = await blastRadius(client, {
      deleteFrom,
      where: options.where,
      protectedTables: options.protect ?? [],
      alsoReaches: options.also,
    });
    const shown = (rows: readonly BlastRow[]): string[] =>
      rows.map((row) => `${row.table} ${row.effect} ${row.rows}`);
    const { rows } = await client.query(
      `SELECT count(*)::int AS n FROM pg_class WHERE relname IN ('doomed', 'reached')`,
    );
    assert.equal(rows[0].n, 0, 'temporary tables are gone');
    return { all: shown(radius.tables), protected: shown(radius.protected), radius };
  });
}

const PRODUCTS = `CREATE TABLE products (id int PRIMARY KEY); INSERT INTO products SELECT generate_series(1, 10);`;

test('cascade, set null and restrict are told apart and followed', async () => {
  const {
    all,
    protected: hit,
    radius,
  } = await reach(
    `${PRODUCTS}
     CREATE TABLE images (id int PRIMARY KEY, product_id int REFERENCES products ON DELETE CASCADE);
     CREATE TABLE thumbs (image_id int REFERENCES images ON DELETE CASCADE);
     CREATE TABLE cart_items (product_id int REFERENCES products ON DELETE SET NULL);
     CREATE TABLE order_items (id int PRIMARY KEY, product_id int REFERENCES products);
     CREATE TABLE returns (item_id int REFERENCES order_items ON DELETE RESTRICT);
     INSERT INTO images SELECT n, n % 5 + 1 FROM generate_series(1, 20) n;
     INSERT INTO thumbs SELECT n FROM generate_series(1, 20) n;
     INSERT INTO cart_items SELECT generate_series(1, 4); INSERT INTO cart_items VALUES (NULL);
     INSERT INTO order_items SELECT n, n FROM generate_series(1, 3) n; INSERT INTO returns VALUES (1), (1)`,
    'products',
    { protect: ['order_items', 'cart_items', 'returns'] },
  );
  assert.deepEqual(all.sort(), [
    'public.cart_items nulled 4',
    'public.images deleted 20',
    'public.order_items orphaned 3',
    'public.returns orphaned 2',
    'public.thumbs deleted 20',
  ]);
  assert.deepEqual(hit.sort(), [
    'public.cart_items nulled 4',
    'public.order_items orphaned 3',
    'public.returns orphaned 2',
  ]);
  assert.deepEqual(radius.tables.find(({ table }) => table === 'public.thumbs')?.path, [
    'images_product_id_fkey',
    'thumbs_image_id_fkey',
  ]);
});

test('the keys of Django, deferred and without ON DELETE, are no less dangerous', async () => {
  const { protected: hit } = await reach(
    `${PRODUCTS} CREATE TABLE order_items (product_id int NOT NULL REFERENCES products DEFERRABLE INITIALLY DEFERRED);
     INSERT INTO order_items SELECT 7 FROM generate_series(1, 6)`,
    'products',
    { protect: ['order_items'] },
  );
  assert.deepEqual(hit, ['public.order_items orphaned 6']);
});

test('only rows that meet the condition count', async () => {
  const { all } = await reach(
    `${PRODUCTS} CREATE TABLE items (product_id int REFERENCES products); INSERT INTO items SELECT generate_series(1, 10)`,
    'products',
    { where: 'id <= 3 OR id = 9' },
  );
  assert.deepEqual(all, ['public.items orphaned 4']);
});

test('a tree in one table is walked to its leaves, and what hangs on them is found', async () => {
  const { all } = await reach(
    `CREATE TABLE categories (id int PRIMARY KEY, parent_id int REFERENCES categories ON DELETE CASCADE);
     INSERT INTO categories SELECT n, nullif(n - 1, 0) FROM generate_series(1, 40) n;
     CREATE TABLE goods (category_id int REFERENCES categories); INSERT INTO goods VALUES (40), (40), (1)`,
    'categories',
    { where: 'id = 2' },
  );
  assert.deepEqual(all.sort(), ['public.categories deleted 38', 'public.goods orphaned 2']);
});

test('a set null within the table itself counts the rows that stay', async () => {
  const schema = `CREATE TABLE people (id int PRIMARY KEY, boss int REFERENCES people ON DELETE SET NULL);
     INSERT INTO people VALUES (1, NULL), (2, 1), (3, 1), (4, 2)`;
  assert.deepEqual((await reach(schema, 'people', { where: 'id = 1' })).all, ['public.people nulled 2']);
  assert.deepEqual((await reach(schema, 'people')).all, []);
});

test('a cycle of keys ends', async () => {
  const { all } = await reach(
    `CREATE TABLE a (id int PRIMARY KEY, b_id int); CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a ON DELETE CASCADE);
     INSERT INTO a SELECT n, n FROM generate_series(1, 5) n; INSERT INTO b SELECT n, n % 5 + 1 FROM generate_series(1, 5) n;
     ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b ON DELETE CASCADE`,
    'a',
    { where: 'id = 1' },
  );
  assert.deepEqual(all.sort(), ['public.a deleted 4', 'public.b deleted 5']);
});

test('composite keys, strange names and partitions', async () => {
  const { all, protected: hit } = await reach(
    `CREATE SCHEMA "my.shop"; CREATE TABLE "my.shop"."Products" ("Id" int, lang text, PRIMARY KEY ("Id", lang));
     INSERT INTO "my.shop"."Products" SELECT n, l FROM generate_series(1, 3) n, unnest(ARRAY['ru', 'en']) l;
     CREATE TABLE "Order.Items" ("order" int, p int, l text, FOREIGN KEY (p, l) REFERENCES "my.shop"."Products");
     INSERT INTO "Order.Items" VALUES (1, 1, 'ru'), (2, 1, NULL), (3, NULL, NULL), (4, 2, 'en');
     CREATE TABLE log (p int, l text, FOREIGN KEY (p, l) REFERENCES "my.shop"."Products" ON DELETE CASCADE) PARTITION BY LIST (p);
     CREATE TABLE log1 PARTITION OF log FOR VALUES IN (1); CREATE TABLE log2 PARTITION OF log DEFAULT;
     INSERT INTO log VALUES (1, 'ru'), (2, 'ru'), (3, 'ru')`,
    '"my.shop"."Products"',
    { protect: ['"Order.Items"'] },
  );
  assert.deepEqual(all.sort(), ['public."Order.Items" orphaned 2', 'public.log deleted 3']);
  assert.deepEqual(hit, ['public."Order.Items" orphaned 2']);
});

test('a foreign key that does not hold is named, though it says that it is valid', async () => {
  const address = await cluster.createDatabase();
  const sql = (text: string) => cluster.query(text, [], address.database);
  await sql(
    `${PRODUCTS} CREATE TABLE "Items" (id int, "product.id" int REFERENCES products); INSERT INTO "Items" VALUES (1, 1), (2, NULL)`,
  );
  const broken = () =>
    withClient(address, { applicationName: 't' }, (client) =>
      unvalidatedForeignKeys(client, { tables: ['"Items"'] }),
    );
  assert.deepEqual(await broken(), []);
  await sql(`SET session_replication_role = replica; INSERT INTO "Items" VALUES (3, 99)`);
  assert.deepEqual(await broken(), ['Items_product.id_fkey on public."Items" (1 rows point nowhere)']);
  await sql(
    `DELETE FROM "Items" WHERE id = 3; ALTER TABLE "Items" ADD CONSTRAINT again FOREIGN KEY ("product.id") REFERENCES products NOT VALID`,
  );
  assert.deepEqual(await broken(), ['again on public."Items" (not validated)']);
});

test('references that only the code of the application knows are followed when they are declared', async () => {
  const schema = `${PRODUCTS}
     CREATE TABLE order_items (id int PRIMARY KEY, product int); INSERT INTO order_items SELECT n, n FROM generate_series(1, 6) n;
     CREATE TABLE "Returns" (item int REFERENCES order_items ON DELETE CASCADE); INSERT INTO "Returns" VALUES (1), (2);
     CREATE TABLE tags (kind text, object text); INSERT INTO tags SELECT 'product', n::text FROM generate_series(1, 4) n;
     INSERT INTO tags VALUES ('user', '1')`;
  const protect = ['order_items', '"Returns"', 'tags'];
  assert.deepEqual((await reach(schema, 'products', { protect })).protected, [], 'nothing says so');
  const { protected: hit, radius } = await reach(schema, 'products', {
    protect,
    also: [
      'order_items.product = public.products.id',
      { table: 'tags', count: `SELECT count(*) FROM tags WHERE kind = 'product'` },
    ],
  });
  assert.deepEqual(hit.sort(), [
    'public."Returns" deleted 2',
    'public.order_items orphaned 6',
    'public.tags counted 4',
  ]);
  assert.deepEqual(radius.protected.find(({ effect }) => effect === 'deleted')?.path, [
    'declared: order_items.product = public.products.id',
    'Returns_item_fkey',
  ]);
});

test('a declaration that finds nothing out is refused: it would look safe', async () => {
  const code = async (also: AlsoReached): Promise<string> => {
    try {
      await reach(PRODUCTS, 'products', { also: [also] });
      return 'passed';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  assert.equal(await code('items.product = products.id'), 'reference-invalid');
  assert.equal(await code('products.nr = products.id'), 'reference-invalid');
  assert.equal(await code('products.id'), 'reference-invalid');
  assert.equal(
    await code({ table: 'products', count: 'SELECT sum(id) FROM products WHERE false' }),
    'counting-query-failed',
  );
  assert.equal(
    await code({ table: 'products', count: 'SELECT count(*) FROM nowhere' }),
    'counting-query-failed',
  );
  assert.equal(await code({ table: 'products', count: 'SELECT count(*) FROM products' }), 'passed');
});
