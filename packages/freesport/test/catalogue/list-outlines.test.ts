import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Catalogue } from '../../src/catalogue/catalogue.ts';
import { CategoryTree } from '../../src/catalogue/category-tree.ts';
import { Database } from '../../src/database/database.ts';
import { loadRelease } from '../../src/releases/load-release.ts';
import { rows, ShopDatabases } from '../support/shop-database.ts';

/** What a list shows and sells at which price, in the tables of each release. */
const RELEASES = {
  '13.3': {
    table: 'products',
    listed: 'SELECT id::int AS id FROM products WHERE is_active',
    reprice: 'UPDATE products SET retail_price = 7 WHERE id = $1',
  },
  '13.4': {
    table: 'product_variants',
    listed: 'SELECT DISTINCT product_id::int AS id FROM product_variants WHERE is_active',
    reprice: 'UPDATE product_variants SET retail_price = 7 WHERE product_id = $1',
  },
} as const;

for (const release of ['13.3', '13.4'] as const)
  describe(`pages of a list that are found by their first product, ${release}`, () => {
    let databases: ShopDatabases;
    let database: Database;
    let catalogue: Catalogue;
    before(async () => {
      databases = await ShopDatabases.open();
      await databases.shop(release);
      database = new Database('freesport-api');
      catalogue = (await loadRelease(release)).catalogue(database, new CategoryTree(database));
    });
    after(async () => {
      await database.close();
      await databases.release();
    });

    const idsOf = async (page: number, pageSize: number, maxPrice?: string): Promise<number[]> =>
      (await catalogue.list({ page, pageSize, maxPrice }, 'retail')).results.map(({ id }) => id);

    it('show every product once, in every size of page, filtered or not', async () => {
      const { listed, table } = RELEASES[release];
      const [middle] = await rows<{ price: string }>(
        `SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY retail_price)::text AS price FROM ${table} WHERE is_active`,
      );
      for (const [limit, condition] of [
        [undefined, ''],
        [middle?.price, ` AND retail_price <= ${middle?.price}`],
      ] as const) {
        const expected = (await rows<{ id: number }>(`${listed}${condition} ORDER BY 1`)).map(({ id }) => id);
        assert.ok(expected.length > 7, `${expected.length} products are no test of pages`);
        for (const pageSize of [1, 7, 100]) {
          const seen: number[] = [];
          for (let page = 1; seen.length < expected.length; page += 1) {
            const ids = await idsOf(page, pageSize, limit);
            assert.ok(ids.length > 0, `page ${page} of ${pageSize} is empty`);
            seen.push(...ids);
          }
          assert.deepEqual(seen, expected, `${pageSize} a page`);
          assert.deepEqual(await idsOf(expected.length + 1, pageSize, limit), [], 'past the end');
        }
      }
    });

    it('say of a product what is true now, however old their beginning', async () => {
      const [first = 0, second = 0] = await idsOf(2, 5);
      await rows(RELEASES[release].reprice, [first]);
      await rows('UPDATE products SET is_active = false WHERE id = $1', [second]);
      const { results } = await catalogue.list({ page: 2, pageSize: 5 }, 'retail');
      assert.deepEqual([results[0]?.id, results[0]?.price], [first, '7.00']);
      assert.ok(!results.some(({ id }) => id === second));
    });
  });
