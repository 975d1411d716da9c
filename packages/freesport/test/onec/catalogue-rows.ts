import type { ShopDatabase } from './shop-database.ts';

/** Every table that an import may change. */
export const CATALOGUE_TABLES = [
  'brands',
  'products_brand_1c_mapping',
  'categories',
  'price_types',
  'warehouses',
  'properties',
  'property_values',
  'products',
  'product_properties',
  'sku_identities',
  'product_variants',
  'variant_prices',
  'variant_stocks',
] as const;

/** Versions of all rows and dead tuples left, a line a table: equal only where no row was touched in between. */
export async function rowVersions(shop: ShopDatabase): Promise<string[]> {
  const lines: string[] = [];
  for (const table of CATALOGUE_TABLES) {
    const [row] = await shop.query<{ n: string; versions: string }>(
      `SELECT count(*)::text AS n, coalesce(sum(xmin::text::numeric + hashtext(ctid::text)), 0)::text AS versions FROM ${table}`,
    );
    lines.push(`${table} ${row?.n} ${row?.versions}`);
  }
  return lines;
}

/** The catalogue by the ids of 1C, without surrogate ids and dates: equal for two ways to the same end. */
export async function catalogueByOnecIds(shop: ShopDatabase): Promise<Record<string, string>> {
  const digest = async (text: string): Promise<string> => {
    const [row] = await shop.query<{ digest: string }>(
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE "C")), '') AS digest FROM (${text}) t`,
    );
    return row?.digest ?? '';
  };
  const variant = `v.onec_id, v.sku, v.name, v.barcode, v.color_name, v.size_value, v.retail_price, v.opt1_price,
    v.opt2_price, v.opt3_price, v.trainer_price, v.federation_price, v.msrp, v.rrp, v.stock_quantity, v.main_image,
    v.gallery_images, v.is_active, v.is_default`;
  return {
    brands: await digest('SELECT name, slug, normalized_name FROM brands'),
    categories: await digest(
      'SELECT c.onec_id, c.name, c.slug, c.is_active, p.onec_id AS parent FROM categories c LEFT JOIN categories p ON p.id = c.parent_id',
    ),
    products: await digest(
      `SELECT p.onec_id, p.name, p.slug, p.description, p.article, p.base_images, p.vat_rate, p.is_active, p.sync_status,
         b.name AS brand, c.onec_id AS category
       FROM products p LEFT JOIN brands b ON b.id = p.brand_id JOIN categories c ON c.id = p.category_id`,
    ),
    properties: await digest(
      `SELECT p.onec_id AS product, q.onec_id AS property, pp.position, pp.value FROM product_properties pp
         JOIN products p ON p.id = pp.product_id JOIN properties q ON q.id = pp.property_id`,
    ),
    identities: await digest('SELECT onec_id, parent_onec_id, sku, name FROM sku_identities'),
    variants: await digest(
      `SELECT ${variant}, p.onec_id AS product, s.onec_id AS identity FROM product_variants v
         JOIN products p ON p.id = v.product_id JOIN sku_identities s ON s.id = v.sku_identity_id`,
    ),
    stocks: await digest(
      `SELECT v.onec_id, w.onec_id AS warehouse, s.quantity FROM variant_stocks s
         JOIN product_variants v ON v.id = s.variant_id JOIN warehouses w ON w.id = s.warehouse_id`,
    ),
    prices: await digest(
      `SELECT v.onec_id, t.onec_id AS type, p.amount FROM variant_prices p
         JOIN product_variants v ON v.id = p.variant_id JOIN price_types t ON t.id = p.price_type_id`,
    ),
  };
}

/** Indexes, constraints and settings of tables as the database describes them: an import must leave them as they were. */
export async function schemaLines(shop: ShopDatabase): Promise<unknown[]> {
  return await shop.query(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
       WHERE indrelid::regclass::text = ANY ($1)
     UNION ALL
     SELECT conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid) || convalidated FROM pg_constraint
       WHERE connamespace = 'public'::regnamespace
     UNION ALL
     SELECT relname, (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(reloptions) o) FROM pg_class WHERE oid = ANY ($1::regclass[]) ORDER BY 1, 2`,
    [CATALOGUE_TABLES],
  );
}
