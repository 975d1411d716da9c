import pg from 'pg';
import type { ImportTarget } from './import-database.ts';

/**
 * SKUs a second in the way of the original importer: for each offer a look-up of its product, one of the variant and an
 * INSERT; for its prices a look-up and an UPDATE, for its stock another two, every statement in a transaction of its own,
 * and every 20 rows an UPDATE of the session. Parsing, which it does into a DOM, is not even counted.
 */
export async function originalSkusPerSecond(target: ImportTarget, skus: number): Promise<number> {
  const client = new pg.Client(target.connection);
  await client.connect();
  try {
    await client.query(`INSERT INTO categories (name, slug) VALUES ('c', 'c')`);
    await client.query(
      `INSERT INTO products (name, slug, onec_id, category_id) SELECT 'p', 'p' || n, 'g' || n, 1 FROM generate_series(1, $1) n`,
      [Math.ceil(skus / 10)],
    );
    const session = await client.query(
      `INSERT INTO import_sessions (import_type) VALUES ('original') RETURNING id`,
    );
    const startedAt = performance.now();
    for (let n = 0; n < skus; n += 1) await saveOffer(client, n);
    for (let n = 0; n < skus; n += 1) {
      const { rows } = await client.query('SELECT * FROM product_variants WHERE onec_id = $1', [offerId(n)]);
      await client.query(
        `UPDATE product_variants SET retail_price = $2, opt1_price = $2, opt2_price = $2, opt3_price = $2,
           trainer_price = $2, rrp = $2, updated_at = now() WHERE id = $1`,
        [rows[0].id, '100.50'],
      );
      if (n % 20 === 0)
        await client.query('UPDATE import_sessions SET updated_at = now() WHERE id = $1', [
          session.rows[0].id,
        ]);
    }
    for (let n = 0; n < skus; n += 1) {
      const { rows } = await client.query('SELECT * FROM product_variants WHERE onec_id = $1', [offerId(n)]);
      await client.query(
        'UPDATE product_variants SET stock_quantity = $2, updated_at = now() WHERE id = $1',
        [rows[0].id, n],
      );
    }
    return skus / ((performance.now() - startedAt) / 1000);
  } finally {
    await client.end();
  }
}

async function saveOffer(client: pg.Client, n: number): Promise<void> {
  const product = await client.query('SELECT * FROM products WHERE onec_id = $1', [
    `g${Math.floor(n / 10) + 1}`,
  ]);
  await client.query('SELECT * FROM product_variants WHERE onec_id = $1', [offerId(n)]);
  const identity = await client.query(
    'INSERT INTO sku_identities (onec_id, sku) VALUES ($1, $1) RETURNING id',
    [offerId(n)],
  );
  await client.query(
    `INSERT INTO product_variants (product_id, sku_identity_id, sku, onec_id, name, color_name, size_value)
     VALUES ($1, $2, $3, $4, 'variant', 'Синий', '35')`,
    [product.rows[0].id, identity.rows[0].id, `SKU-${n}`, offerId(n)],
  );
}

function offerId(n: number): string {
  const number = String(n).padStart(12, '0');
  return `00000000-0000-4000-8000-${number}#00000000-0000-4000-9000-${number}`;
}
