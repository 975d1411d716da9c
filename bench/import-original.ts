import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ImportTarget } from './import-database.ts';

/** Offers of a good, as in the generated exchange. */
const OFFERS_PER_GOOD = 10;
const SCRIPT = path.join(import.meta.dirname, 'original_import.py');

/**
 * SKUs a second in the way of the original importer, which is Django's: `original_import.py` says what it does for each. Identities,
 * which the original does not have, are made before the clock starts.
 *
 * @throws Error with what Python said, where Django is missing (Debian: python3-django, python3-psycopg2).
 * @example await originalSkusPerSecond(await databases.create(), 2_000); // 170
 */
export async function originalSkusPerSecond(target: ImportTarget, skus: number): Promise<number> {
  await target.query(`INSERT INTO categories (name, slug) VALUES ('c', 'c')`);
  await target.query(
    `INSERT INTO products (name, slug, onec_id, category_id, is_active)
     SELECT 'p', 'p' || n, 'g' || n, 1, false FROM generate_series(0, $1) n`,
    [Math.ceil(skus / OFFERS_PER_GOOD)],
  );
  await target.query(
    `INSERT INTO price_types (onec_id, onec_name, product_field) SELECT 't' || field, field, field
     FROM unnest(ARRAY['retail_price', 'opt1_price', 'opt2_price', 'opt3_price', 'trainer_price', 'rrp']) field`,
  );
  await target.query(
    `INSERT INTO sku_identities (id, onec_id, sku) SELECT n, 'i' || n, 'i' || n FROM generate_series(1, $1) n`,
    [skus],
  );
  await target.query(`INSERT INTO import_sessions (import_type, status) VALUES ('catalog', 'in_progress')`);
  const { stdout } = await promisify(execFile)(
    '/usr/bin/python3',
    [SCRIPT, String(skus), String(OFFERS_PER_GOOD)],
    {
      env: { ...process.env, ...target.environment },
    },
  );
  const [row] = await target.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM product_variants WHERE rrp = 100.50 AND stock_quantity = sku_identity_id - 1',
  );
  if (row?.n !== skus) throw new Error(`the original's way left ${row?.n} variants of ${skus}`);
  return skus / Number(stdout);
}
