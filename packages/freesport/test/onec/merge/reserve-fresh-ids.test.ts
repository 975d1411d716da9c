import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { importExchange } from '../../../src/onec/index.ts';
import { type FixtureParts, Fixtures } from '../exchange-fixture.ts';
import { type ShopDatabases, shopDatabases } from '../shop-database.ts';

describe('ids of an empty catalogue', () => {
  const fixtures = new Fixtures();
  let databases: ShopDatabases;
  before(async () => {
    databases = await shopDatabases();
  });
  after(async () => {
    await databases.release();
    fixtures.remove();
  });

  it('are above those of the registry, and later ones above them', async () => {
    const shop = await databases.create();
    const load = async (parts: FixtureParts): Promise<void> => {
      await importExchange({ source: fixtures.write(parts), mode: 'full', connection: shop.connection });
    };
    await shop.query(
      `INSERT INTO sku_identities (id, onec_id, sku) VALUES (5, 'g1#a', 'OLD-5'), (9000, 'x', 'X')`,
    );
    const goods = [{ id: 'g1' }, { id: 'g2' }];
    const offers = [{ id: 'g1#a' }, { id: 'g1#b', rest: '3' }];
    await load({ goods, offers });
    await load({ goods, offers: [...offers, { id: 'g2#a' }] });
    const rows = await shop.query<{ onec_id: string; identity: string; variant: string }>(
      `SELECT v.onec_id, s.id AS identity, v.id AS variant FROM product_variants v
       JOIN sku_identities s ON s.id = v.sku_identity_id AND s.onec_id = v.onec_id ORDER BY s.id`,
    );
    assert.deepEqual(
      rows.map(({ onec_id }) => onec_id),
      ['g1#a', 'g1#b', 'g2#a'],
    );
    assert.ok(rows.slice(1).every(({ identity }) => Number(identity) > 9000));
    assert.ok(Number(rows[2]?.variant) > Number(rows[1]?.variant));
  });

  it('leave products of an earlier release theirs, with offers of goods that only they have', async () => {
    const shop = await databases.create();
    await shop.query(`INSERT INTO categories (name, slug) VALUES ('c', 'c')`);
    await shop.query(
      `INSERT INTO products (id, name, slug, onec_id, category_id) SELECT n, 'p', 'p' || n, 'g' || n, (SELECT max(id) FROM categories)
       FROM (VALUES (7), (8)) t (n)`,
    );
    const report = await importExchange({
      source: fixtures.write({
        goods: [{ id: 'g7' }, { id: 'g9' }],
        offers: [{ id: 'g7#a' }, { id: 'g8#a' }, { id: 'g9#a' }, { id: 'g10#a' }],
      }),
      mode: 'full',
      connection: shop.connection,
    });
    assert.equal(report.skippedOrphans, 1);
    const rows = await shop.query<{ onec_id: string; good: string; id: string }>(
      `SELECT v.onec_id, p.onec_id AS good, p.id FROM product_variants v JOIN products p ON p.id = v.product_id ORDER BY 1`,
    );
    assert.deepEqual(
      rows.map(({ onec_id, good }) => [onec_id, good]),
      [
        ['g7#a', 'g7'],
        ['g8#a', 'g8'],
        ['g9#a', 'g9'],
      ],
    );
    assert.deepEqual(
      rows.slice(0, 2).map(({ id }) => Number(id)),
      [7, 8],
    );
    const [next] = await shop.query<{ id: string }>(
      `INSERT INTO products (name, slug, category_id) SELECT 'n', 'n', max(id) FROM categories RETURNING id`,
    );
    assert.ok(Number(next?.id) > Number(rows[2]?.id));
  });
});
