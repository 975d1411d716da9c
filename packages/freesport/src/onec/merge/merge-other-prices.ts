import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { type MergeContext, run } from './merge-context.ts';
import type { PriceMapping } from './merge-price-types.ts';
import { pricesAreComplete, stagedPrice } from './price-expressions.ts';
import { ALL_KEYS } from './staged-keys.ts';

/**
 * Brings `variant_prices` to what the exchange says, for the types that feed no column of a variant. The others are
 * in the columns already: six more rows for each of a million variants would take longer than the rest of the merge.
 */
export async function mergeOtherPrices(context: MergeContext, prices: PriceMapping): Promise<void> {
  const { counters, summary } = context;
  if (summary.coverage.price === undefined) return;
  for (const { id: onecId } of prices.plan.withoutRole) {
    const staged = stagedPrice(prices, onecId);
    const type = prices.types.get(onecId);
    if (staged === undefined || type === undefined) continue;
    const currency = `(SELECT currency FROM price_types WHERE id = ${type.id})`;
    await run(
      context,
      `CREATE UNLOGGED TABLE ${S}.incoming_prices AS
       SELECT v.id AS variant_id, ${staged} AS amount FROM ${ALL_KEYS} o JOIN product_variants v ON v.onec_id = o.id
       WHERE o.price_ord IS NOT NULL`,
    );
    await run(context, `ANALYZE ${S}.incoming_prices`);
    if (pricesAreComplete(context)) {
      counters.priceRows += await run(
        context,
        `DELETE FROM variant_prices vp USING ${S}.incoming_prices i
         WHERE vp.variant_id = i.variant_id AND vp.price_type_id = ${type.id} AND i.amount IS NULL`,
      );
    }
    counters.priceRows += await run(
      context,
      `UPDATE variant_prices vp SET amount = i.amount, currency = ${currency}, updated_at = now()
       FROM ${S}.incoming_prices i WHERE vp.variant_id = i.variant_id AND vp.price_type_id = ${type.id}
         AND i.amount IS NOT NULL AND (vp.amount, vp.currency) IS DISTINCT FROM (i.amount, ${currency})`,
    );
    counters.priceRows += await run(
      context,
      `INSERT INTO variant_prices (variant_id, price_type_id, amount, currency)
       SELECT i.variant_id, ${type.id}, i.amount, ${currency} FROM ${S}.incoming_prices i
       WHERE i.amount IS NOT NULL AND NOT EXISTS (SELECT 1 FROM variant_prices vp
         WHERE vp.variant_id = i.variant_id AND vp.price_type_id = ${type.id})`,
    );
    await run(context, `DROP TABLE ${S}.incoming_prices`);
  }
  // A type that has gained a role (it was renamed in 1C) is a column from now on.
  counters.priceRows += await run(
    context,
    `DELETE FROM variant_prices vp USING price_types t WHERE t.id = vp.price_type_id AND t.product_field IS NOT NULL`,
  );
}
