import { OPEN_ORDER_QUANTITIES } from '../../orders/sku-store.ts';
import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { absenceOfOffersIsProven } from './deactivate-absent.ts';
import { type MergeContext, run } from './merge-context.ts';
import type { PriceMapping } from './merge-price-types.ts';
import type { StagedWarehouses } from './merge-warehouses.ts';
import { ALL_KEYS, makeDefaultOffers } from './staged-keys.ts';
import { madeSku, TAKEN_SKU_WARNINGS, VARIANT_FIELDS, variantColumns } from './variant-columns.ts';

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
  await findTakenSkus(context);
  await addIdentities(context);
  await writeRows(context);
}

/**
 * Offers, and one pseudo offer for every staged good that has none: of changes, only where it never had one; of all
 * offers there are, also where it is sold without characteristics from now on.
 */
async function gatherKeys(context: MergeContext): Promise<void> {
  const { client, mode } = context;
  const neverHad = absenceOfOffersIsProven(context)
    ? ''
    : 'AND NOT EXISTS (SELECT 1 FROM product_variants v WHERE v.product_id = gp.product_id AND NOT v.is_default)';
  const goods = `SELECT g.* FROM ${S}.goods g JOIN ${S}.good_products gp ON gp.onec_id = g.id
    WHERE NOT EXISTS (SELECT 1 FROM ${S}.offers o WHERE o.good_id = g.id) ${neverHad}`;
  await makeDefaultOffers(client, { mode, goods });
}

async function computeRows(
  context: MergeContext,
  prices: PriceMapping,
  warehouses: StagedWarehouses,
): Promise<void> {
  const computed = variantColumns(context, prices, warehouses);
  await run(
    context,
    `CREATE UNLOGGED TABLE ${S}.incoming_variants AS
     SELECT * FROM (
       SELECT o.id AS onec_id, v.id AS variant_id, o.offered AS has_offer, o.price_ord IS NOT NULL AS has_price,
         o.rest_ord IS NOT NULL AS has_rest, coalesce(o.article, '') AS article,
         ${VARIANT_FIELDS.map((field) => `${computed[field]} AS ${field}`).join(',\n         ')},
         ${VARIANT_FIELDS.map((field) => `v.${field} AS old_${field}`).join(', ')}
       FROM ${ALL_KEYS} o
         LEFT JOIN product_variants v ON v.onec_id = o.id
         LEFT JOIN products gp ON gp.onec_id = o.good_id
         LEFT JOIN ${S}.goods g ON g.id = o.good_id) i
     WHERE variant_id IS NULL OR has_offer AND product_id IS NULL
       OR (${VARIANT_FIELDS.join(', ')}) IS DISTINCT FROM (${VARIANT_FIELDS.map((field) => `old_${field}`).join(', ')})`,
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

/**
 * The skus that a new variant may not have although it asks for them: another one asks for the same, or has it. Each
 * then gets one made from its 1C id, so that nothing depends on the order of arrival.
 */
async function findTakenSkus(context: MergeContext): Promise<void> {
  await run(
    context,
    `CREATE UNLOGGED TABLE ${S}.taken_skus AS
     WITH wanted AS (
       SELECT coalesce(nullif(s.sku, ''), i.article) AS sku
       FROM ${S}.incoming_variants i LEFT JOIN sku_identities s ON s.onec_id = i.onec_id AND s.sku <> ''
       WHERE i.variant_id IS NULL AND (i.article <> '' OR s.id IS NOT NULL))
     SELECT sku FROM wanted GROUP BY sku HAVING count(*) > 1
     UNION SELECT v.sku FROM product_variants v JOIN wanted ON wanted.sku = v.sku`,
  );
  await run(context, TAKEN_SKU_WARNINGS);
}

const MADE_SKU = madeSku('i.onec_id');

/**
 * Makes an identity for every new variant that has none by its 1C id. Sorted, because keys that reach an index in
 * order are a third of the work. Identities are never changed or removed.
 */
async function addIdentities(context: MergeContext): Promise<void> {
  context.counters.identitiesInserted += await run(
    context,
    `INSERT INTO sku_identities (onec_id, parent_onec_id, name, sku)
     SELECT i.onec_id, split_part(i.onec_id, '#', 1), i.name,
       CASE WHEN i.article <> '' AND t.sku IS NULL THEN i.article ELSE ${MADE_SKU} END
     FROM ${S}.incoming_variants i LEFT JOIN ${S}.taken_skus t ON t.sku = i.article
     WHERE i.variant_id IS NULL AND NOT EXISTS (SELECT 1 FROM sku_identities s WHERE s.onec_id = i.onec_id)
     ORDER BY i.onec_id`,
  );
}

async function writeRows(context: MergeContext): Promise<void> {
  const { counters } = context;
  counters.variantsUpdated += await run(
    context,
    `UPDATE product_variants v SET ${VARIANT_FIELDS.map((field) => `${field} = i.${field}`).join(', ')},
       last_sync_at = now(), updated_at = now()
     FROM ${S}.incoming_variants i WHERE v.id = i.variant_id`,
  );
  counters.variantsInserted += await run(
    context,
    `INSERT INTO product_variants (onec_id, sku_identity_id, sku, reserved_quantity, ${VARIANT_FIELDS.join(', ')}, last_sync_at)
     SELECT i.onec_id, s.id, CASE WHEN s.sku <> '' AND t.sku IS NULL THEN s.sku ELSE ${MADE_SKU} END,
       coalesce(open.quantity, 0), ${VARIANT_FIELDS.map((field) => `i.${field}`).join(', ')}, now()
     FROM ${S}.incoming_variants i JOIN sku_identities s ON s.onec_id = i.onec_id
       LEFT JOIN ${S}.taken_skus t ON t.sku = s.sku
       LEFT JOIN (${OPEN_ORDER_QUANTITIES}) open ON open.product_id = s.id
     WHERE i.variant_id IS NULL ORDER BY s.id`,
  );
}

/** Removes the default variant of a good that has offers for sale by now. Its identity stays: orders refer to it. */
export async function removeReplacedDefaults(context: MergeContext): Promise<void> {
  await run(
    context,
    `CREATE UNLOGGED TABLE ${S}.replaced_defaults AS
     SELECT d.id FROM product_variants d WHERE d.is_default AND EXISTS (
       SELECT 1 FROM product_variants v WHERE v.product_id = d.product_id AND NOT v.is_default AND v.is_active)`,
  );
  for (const table of ['variant_prices', 'variant_stocks', 'variant_properties']) {
    await run(context, `DELETE FROM ${table} t USING ${S}.replaced_defaults d WHERE t.variant_id = d.id`);
  }
  context.counters.defaultVariantsRemoved += await run(
    context,
    `DELETE FROM product_variants v USING ${S}.replaced_defaults d WHERE v.id = d.id`,
  );
}
