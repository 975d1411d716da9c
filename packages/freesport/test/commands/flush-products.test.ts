import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { digests, freesport, rows, ShopDatabases } from '../support/shop-database.ts';

const KEPT = [
  'users',
  'orders',
  'order_items',
  'carts',
  'cart_items',
  'favorites',
  'sku_identities',
  'color_mappings',
  'brands',
  'categories',
];

describe('flush-products', () => {
  let databases: ShopDatabases;
  before(async () => {
    databases = await ShopDatabases.open();
  });
  after(() => databases.release());

  it('wants a confirmation: exit code 2, both languages, nothing deleted', async () => {
    await databases.shop('13.4');
    const before = await digests(['products', 'product_variants']);
    const refused = await freesport(['flush-products', '--json']);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /Необходимо подтвердить удаление: --confirm/);
    assert.match(refused.stderr, /must be confirmed/);
    assert.equal((JSON.parse(refused.stdout) as { code: string }).code, 'unconfirmed');
    assert.deepEqual(await digests(['products', 'product_variants']), before);
  });

  it('deletes the catalogue and nothing else; the dry run says the same numbers and deletes nothing', async () => {
    await databases.shop('13.4');
    await rows(`INSERT INTO color_mappings (name, hex_code) VALUES ('Хаки', '#806B2A')`);
    const kept = await digests(KEPT);
    const all = await digests(['products', 'product_variants']);
    const dry = await freesport(['flush-products', '--dry-run']);
    assert.equal(dry.code, 0, dry.stderr);
    assert.deepEqual(await digests(['products', 'product_variants']), all);

    const real = await freesport(['flush-products', '--confirm']);
    assert.equal(real.code, 0, real.stderr);
    const numbers = /Deleted 119 ProductVariants\nDeleted 30 Products\nKept 21 ColorMappings/;
    assert.match(dry.stderr, numbers);
    assert.match(real.stderr, numbers);
    assert.deepEqual(await digests(KEPT), kept);
    assert.deepEqual(
      await rows('SELECT (SELECT count(*) FROM products) + (SELECT count(*) FROM product_variants) AS left'),
      [{ left: 0 }],
    );

    const again = await freesport(['flush-products', '--confirm', '--json']);
    assert.equal((JSON.parse(again.stdout) as { deletedProducts: number }).deletedProducts, 0);
  });

  it('refuses a database whose order lines still refer to products', async () => {
    await databases.shop('13.3');
    const before = await digests(['products', 'order_items']);
    const refused = await freesport(['flush-products', '--confirm']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /not of 13\.4\. Nothing was deleted/);
    assert.deepEqual(await digests(['products', 'order_items']), before);
  });

  it('refuses where a table outside the catalogue refers to what would be deleted', async () => {
    await databases.shop('13.4');
    await rows('CREATE TABLE reviews (product_id bigint REFERENCES products (id))');
    const refused = await freesport(['flush-products', '--confirm']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /reviews → products/);
    assert.deepEqual(await rows('SELECT count(*) > 0 AS there FROM products'), [{ there: true }]);
  });
});
