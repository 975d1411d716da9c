import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { JOINED_FIELDS } from './join-fresh-offers.ts';
import { type MergeContext, run } from './merge-context.ts';
import { TAKEN_SKU_WARNINGS } from './variant-columns.ts';

/**
 * Takes the variants of an empty catalogue into the merge's transaction, from `fresh_offers` as the
 * second connection has made it (`joinFreshOffers`, which must be through). The same columns by the same expressions as
 * `mergeVariants`, without the table of differences in between: nothing can be different from what is there.
 *
 * INSERT … SELECT, on one core: COPY from the other connection takes as long and needs both (2.9 and 3.0 s a million rows
 * against 3.3 and 3.0 s), which `lookThroughStaging` has better use for.
 */
export async function loadFreshVariants(context: MergeContext): Promise<void> {
  const { counters } = context;
  await run(
    context,
    `INSERT INTO ${S}.warnings (code, subject, message)
     SELECT 'orphan-offer', id, 'offer skipped: its good is neither in the exchange nor in the catalogue'
     FROM ${S}.orphan_offers`,
  );
  await run(context, TAKEN_SKU_WARNINGS);
  const columns = [
    'id',
    'onec_id',
    'sku_identity_id',
    'product_id',
    'sku',
    'reserved_quantity',
    ...JOINED_FIELDS,
  ].join(', ');
  counters.variantsInserted += await run(
    context,
    `INSERT INTO product_variants (${columns}, last_sync_at) SELECT ${columns}, now() FROM ${S}.fresh_offers`,
  );
  await run(context, 'ANALYZE product_variants (onec_id, product_id)');
}

/** Likewise their stock, from `fresh_stocks` (`computeFreshStocks`). */
export async function loadFreshStocks(context: MergeContext): Promise<void> {
  context.counters.stockRows += await run(
    context,
    `INSERT INTO variant_stocks (variant_id, warehouse_id, quantity)
     SELECT variant_id, warehouse_id, quantity FROM ${S}.fresh_stocks`,
  );
}
