import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import type { MergeContext } from './merge-context.ts';
import type { StagedWarehouse, StagedWarehouses } from './merge-warehouses.ts';

/** Whether a variant that the package names without a rest has none left. */
export function missingRestIsZero(context: MergeContext): boolean {
  const { coverage } = context.summary;
  // Only where rests are part of what was sent: 3.1 and the HTTP exchange send them in files of their own.
  return coverage.rest === 'full' && coverage.offer === 'full';
}

/**
 * SQL for a variant's stock over what is staged of its key, `o`, and the variant `v` as it is: the total of
 * the file where it names no warehouse, else the sum over warehouses. Of changes, warehouses that are not named keep
 * their figure; of a full package they have none.
 */
export function stockExpression(context: MergeContext, warehouses: StagedWarehouses): string {
  const otherwise = missingRestIsZero(context)
    ? `CASE WHEN o.offered THEN 0 ELSE coalesce(v.stock_quantity, 0) END`
    : `coalesce(v.stock_quantity, 0)`;
  const staged = warehouses.staged.map(stagedQuantity);
  const sum =
    staged.length === 0 ? '0' : staged.map((quantity) => `coalesce(${quantity}, 0)::int8`).join(' + ');
  return `CASE WHEN o.rest_ord IS NULL THEN ${otherwise} WHEN o.total IS NOT NULL THEN o.total
    ELSE least(${sum} + ${keptStock(context, warehouses)}, 2147483647)::int4 END`;
}

/** SQL for the figure of one warehouse in the staged key `o`; null where its rests do not name it. */
export function stagedQuantity(warehouse: StagedWarehouse): string {
  if (warehouse.column !== undefined) return `o.${warehouse.column}`;
  return `(SELECT x.quantity FROM ${S}.rest_extra x WHERE x.id = o.id AND x.warehouse_id = '${warehouse.onecId.replaceAll("'", "''")}'
    ORDER BY x.ord DESC LIMIT 1)`;
}

/** Name of the column of `fresh_offers` that holds the figure of a warehouse. */
function freshStockColumn(warehouse: StagedWarehouse): string {
  return `stock_${warehouse.id}`;
}

/** SQL for those columns over the staged key `o`; null where it gives a total only. */
export function freshStockColumns(warehouses: StagedWarehouses): string[] {
  return warehouses.staged.map(
    (warehouse) =>
      `CASE WHEN o.total IS NULL THEN ${stagedQuantity(warehouse)} END AS ${freshStockColumn(warehouse)}`,
  );
}

/** A query for rows of `variant_stocks` over `fresh_offers`. */
export function freshStockRows(warehouses: StagedWarehouses): string {
  const values = warehouses.staged.map(
    (warehouse) => `(${warehouse.id}::int8, f.${freshStockColumn(warehouse)})`,
  );
  return `SELECT f.id AS variant_id, w.id AS warehouse_id, w.quantity FROM ${S}.fresh_offers f
    CROSS JOIN LATERAL (VALUES ${values.join(', ') || '(NULL::int8, NULL::int4)'}) AS w (id, quantity) WHERE w.quantity > 0`;
}

/** What stays in warehouses that a row of changes does not name; looked up only for rows that may leave one out. */
function keptStock(context: MergeContext, warehouses: StagedWarehouses): string {
  if (context.fresh || context.summary.coverage.rest === 'full') return '0';
  const named = warehouses.staged.map(
    (warehouse) => `(vs.warehouse_id = ${warehouse.id} AND ${stagedQuantity(warehouse)} IS NOT NULL)`,
  );
  const leavesOut = warehouses.others
    ? 'true'
    : warehouses.staged.map((warehouse) => `${stagedQuantity(warehouse)} IS NULL`).join(' OR ') || 'false';
  return `CASE WHEN ${leavesOut} THEN coalesce((SELECT sum(vs.quantity) FROM variant_stocks vs
      WHERE vs.variant_id = v.id AND NOT (${named.length === 0 ? 'false' : named.join(' OR ')})), 0) ELSE 0 END`;
}
