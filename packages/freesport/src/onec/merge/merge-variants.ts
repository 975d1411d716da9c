import { OPEN_ORDER_QUANTITIES } from '../../orders/sku-store.ts';
import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { type MergeContext, run } from './merge-context.ts';
import type { PriceMapping } from './merge-price-types.ts';
import type { StagedWarehouses } from './merge-warehouses.ts';
import { priceExpressions } from './price-expressions.ts';
import { stockExpression } from './stock-expression.ts';

/** Columns of a variant that come from its offer (or, for a default variant, from its good). */
const OFFER_FIELDS = [
  'product_id',
  'name',
  'barcode',
  'color_name',
  'size_value',
  'main_image',
  'gallery_images',
  'is_active',
  'is_default',
] as const;

/** Columns that come from prices and rests. */
const FIGURE_FIELDS = [
  'retail_price',
  'opt1_price',
  'opt2_price',
  'opt3_price',
  'trainer_price',
  'federation_price',
  'rrp',
  'msrp',
  'stock_quantity',
] as const;

const FIELDS = [...OFFER_FIELDS, ...FIGURE_FIELDS];

/**
 * Brings `product_variants` and the identities they carry to what the exchange says. One pass computes, for every key
 * of an offer, a price or a rest, the row as it should be, and keeps it only where it is new or different; what follows
 * touches just those rows, so an unchanged catalogue is read and never written.
 */
export async function mergeVariants(
  context: MergeContext,
  prices: PriceMapping,
  warehouses: StagedWarehouses,
): Promise<void> {
  await gatherKeys(context);
  await computeRows(context, prices, warehouses);
  await warnSkipped(context);
  await addIdentities(context);
  await chooseSkus(context);
  await writeRows(context);
}

/** Offers, and one pseudo offer for every staged good that has none and never had one. */
async function gatherKeys(context: MergeContext): Promise<void> {
  const { mode } = context;
  if (mode === 'prices' || mode === 'stock') {
    await run(context, `CREATE UNLOGGED TABLE ${S}.default_offers (LIKE ${S}.offers)`);
    return;
  }
  await run(
    context,
    `CREATE UNLOGGED TABLE ${S}.default_offers AS
     SELECT g.ord, g.id, g.id AS good_id, g.name, g.article, g.barcode, g.color, g.size, NULL::jsonb AS images, g.deleted
     FROM ${S}.goods g JOIN ${S}.good_products gp ON gp.onec_id = g.id
     WHERE NOT EXISTS (SELECT 1 FROM ${S}.offers o WHERE o.good_id = g.id)
       AND NOT EXISTS (SELECT 1 FROM product_variants v WHERE v.product_id = gp.product_id AND NOT v.is_default)`,
  );
}

async function computeRows(
  context: MergeContext,
  prices: PriceMapping,
  warehouses: StagedWarehouses,
): Promise<void> {
  const offers = `SELECT *, false AS is_default FROM ${S}.offers UNION ALL SELECT *, true FROM ${S}.default_offers`;
  const figures = {
    ...priceExpressions(context, prices),
    stock_quantity: stockExpression(context, warehouses),
  };
  // An offer without images of its own keeps what is there: 3.1 exports never have any on offers.
  const computed: Record<(typeof FIELDS)[number], string> = {
    product_id: `CASE WHEN o.id IS NOT NULL THEN gp.id ELSE v.product_id END`,
    name: `CASE WHEN o.id IS NOT NULL THEN left(o.name, 300) ELSE v.name END`,
    barcode: `CASE WHEN o.id IS NOT NULL THEN left(trim(coalesce(o.barcode, '')), 100) ELSE v.barcode END`,
    color_name: `CASE WHEN o.id IS NOT NULL THEN coalesce(nullif(left(o.color, 100), ''), nullif(left(g.color, 100), ''), v.color_name, '') ELSE v.color_name END`,
    size_value: `CASE WHEN o.id IS NOT NULL THEN coalesce(nullif(left(o.size, 200), ''), nullif(left(g.size, 200), ''), v.size_value, '') ELSE v.size_value END`,
    main_image: `coalesce(left(o.images->>0, 255), v.main_image, '')`,
    gallery_images: `coalesce(o.images - 0, v.gallery_images, '[]')`,
    is_active: `CASE WHEN o.id IS NOT NULL THEN NOT o.deleted ELSE v.is_active END`,
    is_default: `coalesce(o.is_default, v.is_default)`,
    ...figures,
  };
  const key = `coalesce(o.id, p.id, r.id)`;
  await run(
    context,
    `CREATE UNLOGGED TABLE ${S}.incoming_variants AS
     SELECT * FROM (
       SELECT ${key} AS onec_id, v.id AS variant_id, o.id IS NOT NULL AS has_offer, p.id IS NOT NULL AS has_price,
         r.id IS NOT NULL AS has_rest, left(trim(coalesce(o.article, '')), 100) AS article,
         ${FIELDS.map((field) => `${computed[field]} AS ${field}`).join(',\n         ')},
         ${FIELDS.map((field) => `v.${field} AS old_${field}`).join(', ')}
       FROM (${offers}) o
         FULL JOIN ${S}.prices p ON p.id = o.id
         FULL JOIN ${S}.rests r ON r.id = coalesce(o.id, p.id)
         LEFT JOIN product_variants v ON v.onec_id = ${key}
         LEFT JOIN products gp ON gp.onec_id = o.good_id
         LEFT JOIN ${S}.goods g ON g.id = o.good_id) i
     WHERE variant_id IS NULL OR has_offer AND product_id IS NULL
       OR (${FIELDS.join(', ')}) IS DISTINCT FROM (${FIELDS.map((field) => `old_${field}`).join(', ')})`,
  );
  await run(context, `ANALYZE ${S}.incoming_variants (onec_id, variant_id, product_id)`);
}

/** A price or rest of an unknown key never falls back to another variant: that would sell one size at another's price. */
async function warnSkipped(context: MergeContext): Promise<void> {
  await run(
    context,
    `INSERT INTO ${S}.warnings (code, subject, message)
     SELECT 'orphan-offer', onec_id, 'offer skipped: its good is neither in the exchange nor in the catalogue'
     FROM ${S}.incoming_variants WHERE has_offer AND product_id IS NULL
     UNION ALL
     SELECT 'unknown-offer-price', onec_id, 'prices skipped: no variant has this key'
     FROM ${S}.incoming_variants WHERE NOT has_offer AND variant_id IS NULL AND has_price
     UNION ALL
     SELECT 'unknown-offer-rest', onec_id, 'stock skipped: no variant has this key'
     FROM ${S}.incoming_variants WHERE NOT has_offer AND variant_id IS NULL AND has_rest`,
  );
  await run(
    context,
    `DELETE FROM ${S}.incoming_variants WHERE variant_id IS NULL AND NOT has_offer OR has_offer AND product_id IS NULL`,
  );
}

/** Finds the identity of every new variant by its 1C id, or makes one. Identities are never changed or removed. */
async function addIdentities(context: MergeContext): Promise<void> {
  context.counters.identitiesInserted += await run(
    context,
    `INSERT INTO sku_identities (onec_id, parent_onec_id, name)
     SELECT onec_id, split_part(onec_id, '#', 1), name FROM ${S}.incoming_variants i
     WHERE variant_id IS NULL AND NOT EXISTS (SELECT 1 FROM sku_identities s WHERE s.onec_id = i.onec_id)
     ORDER BY onec_id`,
  );
}

/**
 * The sku of every new variant: what its identity was sold under, else the article where no other SKU asks for it or
 * has it, else one made from the 1C id. Nothing in it depends on the order of arrival.
 */
async function chooseSkus(context: MergeContext): Promise<void> {
  await run(
    context,
    `CREATE UNLOGGED TABLE ${S}.new_variants AS
     SELECT i.*, s.id AS sku_identity_id, coalesce(nullif(s.sku, ''), nullif(i.article, '')) AS wanted_sku,
       'SKU-' || left(md5(i.onec_id), 16) AS made_sku
     FROM ${S}.incoming_variants i JOIN sku_identities s ON s.onec_id = i.onec_id WHERE i.variant_id IS NULL`,
  );
  await run(context, `ANALYZE ${S}.new_variants (wanted_sku, sku_identity_id)`);
  const withdrawn = await run(
    context,
    `UPDATE ${S}.new_variants n SET wanted_sku = NULL
     WHERE wanted_sku IS NOT NULL AND (
       EXISTS (SELECT 1 FROM product_variants v WHERE v.sku = n.wanted_sku)
       OR wanted_sku IN (SELECT wanted_sku FROM ${S}.new_variants GROUP BY wanted_sku HAVING count(*) > 1))`,
  );
  if (withdrawn > 0) {
    await run(context, `INSERT INTO ${S}.warnings (code, message) VALUES ('duplicate-article', $1)`, [
      `${withdrawn} variants share their article with another one; their sku is made from the 1C id`,
    ]);
  }
}

async function writeRows(context: MergeContext): Promise<void> {
  const { counters } = context;
  counters.variantsUpdated += await run(
    context,
    `UPDATE product_variants v SET ${FIELDS.map((field) => `${field} = i.${field}`).join(', ')},
       last_sync_at = now(), updated_at = now()
     FROM ${S}.incoming_variants i WHERE v.id = i.variant_id`,
  );
  counters.variantsInserted += await run(
    context,
    `INSERT INTO product_variants (onec_id, sku_identity_id, sku, reserved_quantity, ${FIELDS.join(', ')}, last_sync_at)
     SELECT n.onec_id, n.sku_identity_id, coalesce(n.wanted_sku, n.made_sku), coalesce(open.quantity, 0),
       ${FIELDS.map((field) => `n.${field}`).join(', ')}, now()
     FROM ${S}.new_variants n LEFT JOIN (${OPEN_ORDER_QUANTITIES}) open ON open.product_id = n.sku_identity_id
     ORDER BY n.sku_identity_id`,
  );
}

/** Removes the default variant of a good that has real offers by now. Its identity stays: orders refer to it. */
export async function removeReplacedDefaults(context: MergeContext): Promise<void> {
  await run(
    context,
    `CREATE UNLOGGED TABLE ${S}.replaced_defaults AS
     SELECT d.id FROM product_variants d WHERE d.is_default AND EXISTS (
       SELECT 1 FROM product_variants v WHERE v.product_id = d.product_id AND NOT v.is_default)`,
  );
  for (const table of ['variant_prices', 'variant_stocks', 'variant_properties']) {
    await run(context, `DELETE FROM ${table} t USING ${S}.replaced_defaults d WHERE t.variant_id = d.id`);
  }
  context.counters.defaultVariantsRemoved += await run(
    context,
    `DELETE FROM product_variants v USING ${S}.replaced_defaults d WHERE v.id = d.id`,
  );
}
