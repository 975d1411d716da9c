import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { type MergeContext, run } from './merge-context.ts';
import type { StagedWarehouses } from './merge-warehouses.ts';
import { ALL_KEYS } from './staged-keys.ts';
import { missingRestIsZero, stagedQuantity } from './stock-expression.ts';

/**
 * Brings `variant_stocks` to what the rests say. Only warehouses that have some are kept: an export names every
 * warehouse for every key, mostly with 0, and two million rows of nothing would double the import. No row is 0.
 */
export async function mergeStocks(context: MergeContext, warehouses: StagedWarehouses): Promise<void> {
  const { counters, summary } = context;
  if (summary.coverage.rest === undefined) return;
  const figures = warehouses.staged.map(
    (warehouse) => `(${warehouse.id}::int8, ${stagedQuantity(warehouse)})`,
  );
  const incoming = `SELECT v.id AS variant_id, w.id AS warehouse_id, w.quantity
     FROM ${ALL_KEYS} o JOIN product_variants v ON v.onec_id = o.id
       CROSS JOIN LATERAL (VALUES ${figures.join(', ') || '(NULL::int8, NULL::int4)'}) AS w (id, quantity)
     WHERE o.rest_ord IS NOT NULL AND o.total IS NULL AND w.quantity`;
  await run(context, `CREATE UNLOGGED TABLE ${S}.incoming_stocks AS ${incoming} IS NOT NULL`);
  await run(context, `ANALYZE ${S}.incoming_stocks`);
  counters.stockRows += await removeGone(context);
  counters.stockRows += await run(
    context,
    `UPDATE variant_stocks s SET quantity = i.quantity, updated_at = now() FROM ${S}.incoming_stocks i
     WHERE i.variant_id = s.variant_id AND i.warehouse_id = s.warehouse_id AND i.quantity > 0
       AND s.quantity <> i.quantity`,
  );
  counters.stockRows += await run(
    context,
    `INSERT INTO variant_stocks (variant_id, warehouse_id, quantity)
     SELECT variant_id, warehouse_id, quantity FROM ${S}.incoming_stocks i
     WHERE quantity > 0 AND NOT EXISTS (SELECT 1 FROM variant_stocks s WHERE s.variant_id = i.variant_id
       AND s.warehouse_id = i.warehouse_id)`,
  );
}

/** Rows whose warehouse ran out, whose variant now has only a total, or which a full package no longer names. */
async function removeGone(context: MergeContext): Promise<number> {
  const ranOut = await run(
    context,
    `DELETE FROM variant_stocks s USING ${S}.incoming_stocks i
     WHERE i.variant_id = s.variant_id AND i.warehouse_id = s.warehouse_id AND i.quantity = 0`,
  );
  const totalOnly = await run(
    context,
    `DELETE FROM variant_stocks s USING ${ALL_KEYS} o JOIN product_variants v ON v.onec_id = o.id
     WHERE v.id = s.variant_id AND o.total IS NOT NULL`,
  );
  if (context.summary.coverage.rest !== 'full') return ranOut + totalOnly;
  const named = missingRestIsZero(context)
    ? `SELECT id FROM ${ALL_KEYS} o WHERE offered OR rest_ord IS NOT NULL`
    : `SELECT id FROM ${ALL_KEYS} o WHERE rest_ord IS NOT NULL`;
  const unnamed = await run(
    context,
    `DELETE FROM variant_stocks s USING product_variants v, (${named}) named
     WHERE v.id = s.variant_id AND v.onec_id = named.id AND NOT EXISTS (
       SELECT 1 FROM ${S}.incoming_stocks i WHERE i.variant_id = s.variant_id AND i.warehouse_id = s.warehouse_id)`,
  );
  return ranOut + totalOnly + unnamed;
}
