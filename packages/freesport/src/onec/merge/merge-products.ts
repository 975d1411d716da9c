import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { CATEGORY_OF_GOOD } from './merge-categories.ts';
import { type MergeContext, run } from './merge-context.ts';

/** A known good of which the exchange says nothing but that it is deleted: the rest of it stays as it was. */
const ONLY_DELETED = '(g.deleted AND g.name = g.id AND p.id IS NOT NULL)';

/**
 * Brings `products` to what the staged goods say and leaves `good_products (onec_id, ord, product_id)` in staging. Names
 * and categories follow 1C; a slug is given once and never changed. Activity is decided at the end of the merge,
 * when the variants are known: here only `sync_status` says whether 1C has marked the good as deleted.
 */
export async function mergeProducts(context: MergeContext): Promise<void> {
  const { counters, summary } = context;
  const makerIsBrand = summary.brandPropertyIds.length === 0;
  // An exchange of changes may be made without pictures: then none named does not mean none left.
  const keepImages = summary.coverage.good === 'changes';
  const said: Readonly<Record<string, string>> = {
    // A good without a name is staged under its id: it keeps the name under which it is known.
    name: 'CASE WHEN p.id IS NOT NULL AND g.name = g.id THEN p.name ELSE left(g.name, 300) END',
    description: `coalesce(g.description, '')`,
    article: `left(trim(coalesce(g.article, '')), 100)`,
    barcode: `left(trim(coalesce(g.barcode, '')), 100)`,
    base_images: `CASE WHEN p.id IS NOT NULL AND ${keepImages} AND g.images = '[]' THEN p.base_images ELSE g.images END`,
    vat_rate: 'g.vat',
    category_id: CATEGORY_OF_GOOD,
    brand_id: 'b.id',
    onec_brand_id: 'left(g.brand_ref, 100)',
  };
  const columns = [
    ...Object.entries(said).map(
      ([field, value]) => `CASE WHEN ${ONLY_DELETED} THEN p.${field} ELSE ${value} END AS ${field}`,
    ),
    `CASE WHEN g.deleted THEN 'deleted' ELSE 'synced' END AS sync_status`,
  ].join(', ');
  await run(
    context,
    `CREATE UNLOGGED TABLE ${S}.incoming_products AS
     SELECT g.ord, g.id AS onec_id, g.slug, ${ONLY_DELETED} AS only_deleted, ${columns}, p.id AS product_id
     FROM ${S}.goods g
       LEFT JOIN products p ON p.onec_id = g.id
       LEFT JOIN ${S}.category_ids gc ON gc.onec_id = g.group_id
       LEFT JOIN ${S}.brand_ids b ON b.ref = coalesce(g.brand_ref, CASE WHEN ${makerIsBrand} THEN g.brand_name END)`,
  );
  await run(context, `ANALYZE ${S}.incoming_products`);
  const fields = [...Object.keys(said), 'sync_status'];
  counters.productsUpdated += await run(
    context,
    `UPDATE products p SET ${fields.map((field) => `${field} = i.${field}`).join(', ')}, last_sync_at = now(),
       updated_at = now()
     FROM ${S}.incoming_products i WHERE p.id = i.product_id
       AND (${fields.map((field) => `p.${field}`).join(', ')}) IS DISTINCT FROM
         (${fields.map((field) => `i.${field}`).join(', ')})`,
  );
  await addNewProducts(context, fields);
  await run(
    context,
    `CREATE UNLOGGED TABLE ${S}.good_products AS
     SELECT i.onec_id COLLATE "C" AS onec_id, i.ord, p.id AS product_id
     FROM ${S}.incoming_products i JOIN products p ON p.onec_id = i.onec_id WHERE NOT i.only_deleted`,
  );
  await run(context, `ANALYZE ${S}.good_products`);
  if (context.fresh) await run(context, 'ANALYZE products (onec_id)');
}

/** Sorted by 1C id where there are indexes: keys that reach them in order are several times cheaper than at random. */
async function addNewProducts(context: MergeContext, fields: readonly string[]): Promise<void> {
  const id = context.freshIds === undefined ? undefined : `${context.freshIds.product} + f.ord`;
  context.counters.productsInserted += await run(
    context,
    `INSERT INTO products (${id === undefined ? '' : 'id, '}onec_id, slug, ${fields.join(', ')}, is_active, last_sync_at)
     SELECT ${id === undefined ? '' : `${id}, `}f.onec_id,
       CASE WHEN wanted.slug IS NOT NULL OR EXISTS (SELECT 1 FROM products p WHERE p.slug = f.slug)
         THEN f.slug || '-' || left(md5(f.onec_id), 10) ELSE f.slug END,
       ${fields.map((field) => `f.${field}`).join(', ')}, f.sync_status <> 'deleted', now()
     FROM ${S}.incoming_products f LEFT JOIN (
       SELECT slug FROM ${S}.incoming_products WHERE product_id IS NULL GROUP BY slug HAVING count(*) > 1) wanted
       ON wanted.slug = f.slug
     WHERE f.product_id IS NULL ${context.fresh ? '' : 'ORDER BY f.onec_id'}`,
  );
}

const SOLD = 'SELECT product_id, bool_or(is_active) AS sold FROM product_variants GROUP BY product_id';

/**
 * Decides which products are shown: not deleted in 1C and with an active variant. Products that never had a variant
 * (rows of the old release that were not flushed) are left alone.
 *
 * @param sold a query for `product_id` and `sold`, where it is cheaper to ask than the variants themselves.
 */
export async function decideActivity(context: MergeContext, sold = SOLD): Promise<void> {
  const shown = await context.client.query<{ shown: number; hidden: number }>(
    `WITH variants AS (${sold}),
     changed AS (
       UPDATE products p SET is_active = NOT p.is_active, updated_at = now() FROM variants v
       WHERE v.product_id = p.id AND p.is_active IS DISTINCT FROM (p.sync_status <> 'deleted' AND v.sold)
       RETURNING p.is_active)
     SELECT count(*) FILTER (WHERE is_active)::int AS shown, count(*) FILTER (WHERE NOT is_active)::int AS hidden
     FROM changed`,
  );
  context.counters.deactivated += shown.rows[0]?.hidden ?? 0;
}
