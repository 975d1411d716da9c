import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Catalogue } from '../../src/catalogue/catalogue.ts';
import { CategoryTree } from '../../src/catalogue/category-tree.ts';
import { Database } from '../../src/database/database.ts';
import { loadRelease } from '../../src/releases/load-release.ts';
import { rows, ShopDatabases } from '../support/shop-database.ts';

describe('pages of a list that are found by their first product', () => {
  let databases: ShopDatabases;
  let database: Database;
  let catalogue: Catalogue;
  before(async () => {
    databases = await ShopDatabases.open();
    await databases.shop('13.4');
    database = new Database('freesport-api');
    catalogue = (await loadRelease('13.4')).catalogue(database, new CategoryTree(database));
  });
  after(async () => {
    await database.close();
    await databases.release();
  });

  const idsOf = async (page: number, pageSize: number, maxPrice?: string): Promise<number[]> =>
    (await catalogue.list({ page, pageSize, maxPrice }, 'retail')).results.map(({ id }) => id);

  it('show every product once, in every size of page, filtered or not', async () => {
    const sellable = 'SELECT DISTINCT product_id::int AS id FROM product_variants WHERE is_active';
    for (const [limit, condition] of [
      [undefined, ''],
      ['1060', ' AND retail_price <= 1060'],
    ] as const) {
      const expected = (await rows<{ id: number }>(`${sellable}${condition} ORDER BY 1`)).map(({ id }) => id);
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
    await rows('UPDATE product_variants SET retail_price = 7 WHERE product_id = $1', [first]);
    await rows('UPDATE products SET is_active = false WHERE id = $1', [second]);
    const { results } = await catalogue.list({ page: 2, pageSize: 5 }, 'retail');
    assert.deepEqual([results[0]?.id, results[0]?.price], [first, '7.00']);
    assert.ok(!results.some(({ id }) => id === second));
  });
});
