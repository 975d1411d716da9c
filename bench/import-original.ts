import pg from 'pg';
import type { ImportTarget } from './import-database.ts';

/** Offers of a good, as in the generated exchange. */
const OFFERS_PER_GOOD = 10;
/** Price types of the generated exchange. */
const PRICE_FIELDS = [
  'retail_price',
  'opt1_price',
  'opt2_price',
  'opt3_price',
  'trainer_price',
  'rrp',
] as const;
/** Records between two UPDATEs of the session. */
const PROGRESS_EVERY = 20;

/**
 * SKUs a second in the way of the original importer: the statements that its code (`variant_import.py` at FREESPORT-B2B
 * 44cfaed, read for `../shared/legacy-shop.md`) sends for an offer, for its price record and for its rest, one after another
 * and each in a transaction of its own. Products and variants that it keeps in dictionaries are not asked for again.
 *
 * Left out, all in its favour: the ORM (plain `pg` sends the statements), the DOM, goods, images, attributes of
 * characteristics (four more statements each), the colour dictionary, the second and later look-up for a made-up sku that is
 * taken, and eight indexes of its table. Identities, which it does not have, are made before the clock starts.
 */
export async function originalSkusPerSecond(target: ImportTarget, skus: number): Promise<number> {
  const client = new pg.Client(target.connection);
  await client.connect();
  try {
    const session = await prepare(client, skus);
    const startedAt = performance.now();
    for (const save of [saveOffer, savePrices, saveRest]) {
      for (let n = 0; n < skus; n += 1) {
        await save(client, n);
        if (n % PROGRESS_EVERY === 0) await reportProgress(client, session, n);
      }
    }
    return skus / ((performance.now() - startedAt) / 1000);
  } finally {
    await client.end();
  }
}

/** What is there before offers come. Returns the id of the session. */
async function prepare(client: pg.Client, skus: number): Promise<number> {
  await client.query(`INSERT INTO categories (name, slug) VALUES ('c', 'c')`);
  await client.query(
    `INSERT INTO products (name, slug, onec_id, category_id, is_active)
     SELECT 'p', 'p' || n, 'g' || n, 1, false FROM generate_series(0, $1) n`,
    [Math.ceil(skus / OFFERS_PER_GOOD)],
  );
  await client.query(
    `INSERT INTO price_types (onec_id, onec_name, product_field) SELECT 't' || field, field, field FROM unnest($1::text[]) field`,
    [PRICE_FIELDS],
  );
  for (let n = 0; n < skus; n += 1) {
    await client.query('INSERT INTO sku_identities (id, onec_id, sku) VALUES ($1, $2, $2)', [
      n + 1,
      offerId(n),
    ]);
  }
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO import_sessions (import_type, status) VALUES ('catalog', 'in_progress') RETURNING id`,
  );
  const [session] = rows;
  if (session === undefined) throw new Error('INSERT INTO import_sessions returned no row');
  return session.id;
}

async function saveOffer(client: pg.Client, n: number): Promise<void> {
  const good = Math.floor(n / OFFERS_PER_GOOD);
  const first = n % OFFERS_PER_GOOD === 0;
  if (first)
    await client.query('SELECT * FROM products WHERE onec_id = $1 ORDER BY id LIMIT 1', [`g${good}`]);
  await selectVariant(client, n);
  await client.query('SELECT 1 AS a FROM product_variants WHERE sku = $1 LIMIT 1', [`SKU-${n}`]);
  await client.query(
    `INSERT INTO product_variants (product_id, sku_identity_id, sku, onec_id, name, color_name, size_value, retail_price)
     VALUES ($1, $2, $3, $4, 'variant', 'Синий', '35', 0) RETURNING id`,
    [good + 1, n + 1, `SKU-${n}`, offerId(n)],
  );
  if (first) await updateProduct(client, good, 'in_progress');
}

async function savePrices(client: pg.Client, n: number): Promise<void> {
  await selectVariant(client, n);
  for (const field of PRICE_FIELDS) {
    await client.query('SELECT * FROM price_types WHERE onec_id = $1 AND is_active ORDER BY id LIMIT 1', [
      `t${field}`,
    ]);
  }
  await client.query(
    `UPDATE product_variants SET ${PRICE_FIELDS.map((field) => `${field} = $2`).join(', ')}, last_sync_at = now() WHERE onec_id = $1`,
    [offerId(n), '100.50'],
  );
}

async function saveRest(client: pg.Client, n: number): Promise<void> {
  const good = Math.floor(n / OFFERS_PER_GOOD);
  await client.query(
    'UPDATE product_variants SET stock_quantity = $2, last_sync_at = now() WHERE onec_id = $1',
    [offerId(n), n],
  );
  await client.query('SELECT * FROM products WHERE id = $1 LIMIT 21', [good + 1]);
  if (n % OFFERS_PER_GOOD === 0) await updateProduct(client, good, 'completed');
}

async function selectVariant(client: pg.Client, n: number): Promise<void> {
  await client.query(
    'SELECT * FROM product_variants WHERE onec_id = $1 ORDER BY color_name, size_value LIMIT 1',
    [offerId(n)],
  );
}

async function updateProduct(client: pg.Client, good: number, status: string): Promise<void> {
  await client.query('UPDATE products SET is_active = true, sync_status = $2 WHERE id = $1', [
    good + 1,
    status,
  ]);
}

async function reportProgress(client: pg.Client, session: number, n: number): Promise<void> {
  await client.query('UPDATE import_sessions SET report = report || $2, updated_at = now() WHERE id = $1', [
    session,
    `record ${n}\n`,
  ]);
}

function offerId(n: number): string {
  const number = String(n).padStart(12, '0');
  return `00000000-0000-4000-8000-${number}#00000000-0000-4000-9000-${number}`;
}
