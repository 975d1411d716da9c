import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { connectionSettings } from '../../src/database/connection-settings.ts';
import { migrate } from '../../src/database/migrate.ts';
import { migrationFiles } from '../../src/database/migration-files.ts';
import { ShopError } from '../../src/errors.ts';
import { digests, freesport, rows, ShopDatabases, withDatabase } from '../support/shop-database.ts';

const PROTECTED = [
  'users',
  'companies',
  'addresses',
  'orders',
  'order_items',
  'carts',
  'cart_items',
  'favorites',
];

describe('migrate', () => {
  let databases: ShopDatabases;
  before(async () => {
    databases = await ShopDatabases.open();
  });
  after(() => databases.release());

  it('leaves every protected row byte for byte through 13.4 and flush (IV1, IV2), foreign keys valid throughout', async () => {
    await databases.shop('13.3');
    const before = await digests(PROTECTED);
    const products = await rows<{ id: number; onec_id: string; sku: string; name: string }>(
      'SELECT id, onec_id, sku, name FROM products ORDER BY id',
    );
    assert.equal(await orphans('products'), 0);

    const migrated = await freesport(['migrate', '--json']);
    assert.equal(migrated.code, 0, migrated.stderr);
    assert.deepEqual(await digests(PROTECTED), before);
    assert.deepEqual(
      await rows('SELECT id, onec_id, sku, name FROM sku_identities ORDER BY id'),
      products,
      'an identity keeps the id, the 1C id, the sku and the name of its legacy product',
    );
    assert.equal(await orphans('sku_identities'), 0);
    assert.deepEqual(await unprovenForeignKeys(), []);

    const flushed = await freesport(['flush-products', '--confirm']);
    assert.equal(flushed.code, 0, flushed.stderr);
    assert.deepEqual(await digests(PROTECTED), before);
    assert.equal(await orphans('sku_identities'), 0);
    assert.deepEqual(await rows('SELECT id, onec_id, sku, name FROM sku_identities ORDER BY id'), products);
  });

  it('gives new SKU identities ids above every product that ever was', async () => {
    await databases.shop('13.3');
    await rows(`SELECT nextval(pg_get_serial_sequence('products', 'id')) FROM generate_series(1, 50)`);
    await withDatabase((client) => migrate(client, migrationFiles('13.4')));
    const [fresh] = await rows<{ id: number }>(
      `INSERT INTO sku_identities (name) VALUES ('new') RETURNING id`,
    );
    const [used] = await rows<{ last: number }>(
      `SELECT last_value AS last FROM pg_sequences WHERE sequencename = 'products_id_seq'`,
    );
    assert.ok((fresh?.id ?? 0) > (used?.last ?? Infinity), `${fresh?.id} is not above ${used?.last}`);
  });

  it('makes the tables of 13.4 without prices in products and with twenty base colours', async () => {
    await databases.shop('13.3');
    await withDatabase((client) => migrate(client, migrationFiles('13.4')));
    assert.deepEqual(
      await rows(`SELECT column_name FROM information_schema.columns WHERE table_name = 'products'
        AND column_name IN ('retail_price', 'stock_quantity', 'sku', 'main_image')`),
      [],
    );
    const colors = await rows<{ name: string; hex_code: string }>(
      'SELECT name, hex_code FROM color_mappings WHERE is_base',
    );
    assert.equal(colors.length, 20);
    assert.ok(colors.some((color) => color.name === 'Золотой' && color.hex_code === '#FFD700'));
    await assert.rejects(
      rows(`INSERT INTO color_mappings (name, hex_code) VALUES ('ЧЁРНЫЙ', '#000001')`),
      /color_mappings_normalized_name_key/,
    );
  });

  it('changes nothing the second time', async () => {
    await databases.create();
    assert.equal((await freesport(['migrate'])).code, 0);
    const again = await freesport(['migrate', '--json']);
    assert.equal(again.code, 0);
    assert.deepEqual((JSON.parse(again.stdout) as { applied: string[] }).applied, []);
  });

  it('refuses a file that was changed after it had been applied', async () => {
    await databases.create();
    const files = migrationFiles('13.3');
    await withDatabase((client) => migrate(client, files));
    const changed = files.map((file, index) => (index === 1 ? { ...file, sha256: 'f'.repeat(64) } : file));
    await assert.rejects(
      withDatabase((client) => migrate(client, changed)),
      (error) =>
        error instanceof ShopError &&
        error.code === 'refused' &&
        /0002_catalogue was changed/.test(error.message),
    );
  });

  it('refuses to take a database of 13.4 back to 13.3', async () => {
    await databases.create();
    await withDatabase((client) => migrate(client, migrationFiles('13.4')));
    const back = await freesport(['migrate', '--target', '13.3']);
    assert.equal(back.code, 1);
    assert.match(back.stderr, /later release/);
  });

  it('rolls a failing file back whole', async () => {
    await databases.create();
    const files = [{ name: 'legacy/0001_broken', sha256: 'a', sql: 'CREATE TABLE half (); SELECT 1/0;' }];
    await assert.rejects(
      withDatabase((client) => migrate(client, files)),
      /0001_broken failed and was rolled back whole: division by zero/,
    );
    assert.deepEqual(await rows(`SELECT to_regclass('half') AS half`), [{ half: null }]);
    assert.deepEqual(await rows('SELECT name FROM schema_migrations'), []);
  });

  it('names the session that blocks it instead of waiting for ever', async () => {
    await databases.shop('13.3');
    const blocker = new pg.Client({
      ...connectionSettings('freesport-command'),
      application_name: 'forgotten report',
    });
    await blocker.connect();
    try {
      await blocker.query('BEGIN');
      await blocker.query('SELECT count(*) FROM order_items');
      const blocked = await freesport(['migrate', '--lock-timeout-ms', '100', '--json']);
      assert.equal(blocked.code, 1);
      assert.match(blocked.stderr, /forgotten report/);
      assert.match(blocked.stderr, /order_items/);
      assert.deepEqual(await rows(`SELECT to_regclass('sku_identities') AS made`), [{ made: null }]);
      await blocker.query('ROLLBACK');
      assert.equal((await freesport(['migrate'])).code, 0);
    } finally {
      await blocker.end();
    }
  });
});

async function orphans(parent: string): Promise<number> {
  let total = 0;
  for (const child of ['order_items', 'cart_items', 'favorites']) {
    const [row] = await rows<{ n: number }>(
      `SELECT count(*) AS n FROM ${child} c WHERE NOT EXISTS (SELECT 1 FROM ${parent} p WHERE p.id = c.product_id)`,
    );
    total += row?.n ?? Infinity;
  }
  return total;
}

async function unprovenForeignKeys(): Promise<string[]> {
  const found = await rows<{ conname: string }>(
    `SELECT conname FROM pg_constraint WHERE contype = 'f' AND NOT convalidated`,
  );
  return found.map((row) => row.conname);
}
