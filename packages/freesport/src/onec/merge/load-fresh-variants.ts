import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { JOINED_FIELDS } from './join-fresh-offers.ts';
import { type MergeContext, run } from './merge-context.ts';
import type { StagedWarehouses } from './merge-warehouses.ts';
import { freshStockColumn } from './stock-expression.ts';
import { TAKEN_SKU_WARNINGS } from './variant-columns.ts';

/**
 * Takes variants and stock of an empty catalogue into the merge's transaction, from `fresh_offers` as the
 * second connection has made it (`joinFreshOffers`, which must be through). The same columns by the same expressions as
 * `mergeVariants`, without the table of differences in between: nothing can be different from what is there.
 *
 * INSERT … SELECT, on one core: COPY from the other connection takes as long and needs both (2.9 and 3.0 s a million rows
 * against 3.3 and 3.0 s), which `lookThroughStaging` has better use for.
 */
export async function loadFreshVariants(context: MergeContext, warehouses: StagedWarehouses): Promise<void> {
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
  if (warehouses.staged.length > 0) {
    const values = warehouses.staged.map(
      (warehouse) => `(${warehouse.id}::int8, f.${freshStockColumn(warehouse)})`,
    );
    counters.stockRows += await run(
      context,
      `INSERT INTO variant_stocks (variant_id, warehouse_id, quantity)
       SELECT f.id, w.id, w.quantity FROM ${S}.fresh_offers f
         CROSS JOIN LATERAL (VALUES ${values.join(', ')}) AS w (id, quantity) WHERE w.quantity > 0`,
    );
  }
  await run(context, 'ANALYZE product_variants (onec_id, product_id)');
}
