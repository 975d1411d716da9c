import { foldBrandName } from 'commerceml';
import type pg from 'pg';
import type { LegacyCatalogueData, LegacySku } from './legacy-sku.ts';
import { SEED_NOW } from './people-sql.ts';

/** Rows in one statement: a JSON text of a few MB. */
const BATCH_ROWS = 2_000;
const UNSORTED_CATEGORY = 'Без категории';

/**
 * Stores a catalogue in the tables of 13.3. Ids follow the order of the exchange, so the same exchange gives the same
 * rows.
 *
 * @example
 * await insertSkus(client, await skusFromExchange(directory));
 */
export async function insertSkus(client: pg.Client, data: LegacyCatalogueData): Promise<void> {
  await insertCategories(client, data);
  await client.query(
    `INSERT INTO price_types (onec_id, onec_name, product_field, created_at)
     SELECT t."onecId", left(t.name, 255), t.field, ${SEED_NOW}
     FROM json_to_recordset($1::json) AS t("onecId" text, name text, field text) ON CONFLICT (onec_id) DO NOTHING`,
    [JSON.stringify(data.priceTypes)],
  );
  await insertBrands(client, data);
  const taken = new Set<string>();
  for (let start = 0; start < data.skus.length; start += BATCH_ROWS) {
    const rows = data.skus
      .slice(start, start + BATCH_ROWS)
      .map((sku, offset) => row(sku, start + offset + 1, taken));
    await client.query(PRODUCTS_SQL, [JSON.stringify(rows)]);
  }
  await client.query(
    `INSERT INTO product_images (id, product_id, image, is_main, created_at, updated_at)
     SELECT id, id, main_image, true, created_at, created_at FROM products WHERE main_image <> '' ORDER BY id`,
  );
}

/** Spellings of one brand are one row, under the key by which the import will find it again. */
async function insertBrands(client: pg.Client, data: LegacyCatalogueData): Promise<void> {
  const names = new Map<string, string>();
  for (const { brand } of data.skus) {
    const key = brandKey(brand);
    if (brand !== undefined && key !== null && !names.has(key)) names.set(key, brand);
  }
  await client.query(
    `INSERT INTO brands (name, slug, normalized_name, created_at, updated_at)
     SELECT left(name, 100), 'brand-' || n, key, ${SEED_NOW}, ${SEED_NOW}
     FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS b(key, name, n) ORDER BY n`,
    [[...names.keys()], [...names.values()]],
  );
}

function brandKey(name: string | undefined): string | null {
  return name === undefined ? null : foldBrandName(name).slice(0, 100) || null;
}

async function insertCategories(client: pg.Client, data: LegacyCatalogueData): Promise<void> {
  await client.query(
    `INSERT INTO categories (name, slug, onec_id, sort_order, created_at, updated_at)
     SELECT left(name, 200), 'category-' || n, "onecId", n, ${SEED_NOW}, ${SEED_NOW}
     FROM (SELECT DISTINCT ON (g."onecId") g."onecId", g.name, g.n
       FROM ROWS FROM (json_to_recordset($1::json) AS ("onecId" text, name text)) WITH ORDINALITY AS g("onecId", name, n)
       ORDER BY g."onecId", g.n) g ORDER BY n`,
    [JSON.stringify(data.categories)],
  );
  await client.query(
    `UPDATE categories c SET parent_id = p.id
     FROM json_to_recordset($1::json) AS g("onecId" text, "parentOnecId" text) JOIN categories p ON p.onec_id = g."parentOnecId"
     WHERE c.onec_id = g."onecId" AND p.id <> c.id`,
    [JSON.stringify(data.categories)],
  );
  await client.query(
    `INSERT INTO categories (name, slug, sort_order, created_at, updated_at)
     VALUES ($1, 'without-category', 999999, ${SEED_NOW}, ${SEED_NOW})`,
    [UNSORTED_CATEGORY],
  );
}

function row(sku: LegacySku, id: number, taken: Set<string>): Record<string, unknown> {
  let code = sku.sku.slice(0, 90) || `SKU-${id}`;
  if (taken.has(code)) code = `${code}-${id}`;
  taken.add(code);
  const images = sku.images.map((image) => `products/${image}`.slice(-100));
  return {
    ...sku.prices,
    id,
    name: sku.name.slice(0, 300),
    slug: `sku-${id}`,
    description: sku.description,
    sku: code,
    stock_quantity: sku.stock,
    main_image: images[0] ?? '',
    gallery_images: images.slice(1),
    onec_id: sku.onecId,
    parent_onec_id: sku.parentOnecId ?? null,
    brand: brandKey(sku.brand),
    category: sku.categoryOnecId ?? null,
  };
}

const PRODUCTS_SQL = `
  INSERT INTO products (id, name, slug, description, retail_price, opt1_price, opt2_price, opt3_price, trainer_price,
    federation_price, recommended_retail_price, max_suggested_retail_price, sku, stock_quantity, main_image,
    gallery_images, onec_id, parent_onec_id, sync_status, last_sync_at, created_at, updated_at, brand_id, category_id)
  SELECT r.id, r.name, r.slug, r.description, r.retail_price, r.opt1_price, r.opt2_price, r.opt3_price, r.trainer_price,
    r.federation_price, r.recommended_retail_price, r.max_suggested_retail_price, r.sku, r.stock_quantity, r.main_image,
    r.gallery_images, r.onec_id, r.parent_onec_id, 'synced', ${SEED_NOW}, ${SEED_NOW}, ${SEED_NOW}, b.id,
    coalesce(c.id, (SELECT id FROM categories WHERE slug = 'without-category'))
  FROM json_to_recordset($1::json) AS r(id bigint, name text, slug text, description text, retail_price numeric,
      opt1_price numeric, opt2_price numeric, opt3_price numeric, trainer_price numeric, federation_price numeric,
      recommended_retail_price numeric, max_suggested_retail_price numeric, sku text, stock_quantity int, main_image text,
      gallery_images jsonb, onec_id text, parent_onec_id text, brand text, category text)
    LEFT JOIN brands b ON b.normalized_name = r.brand
    LEFT JOIN categories c ON c.onec_id = r.category
  ORDER BY r.id`;
