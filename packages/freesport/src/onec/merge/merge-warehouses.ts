import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { type MergeContext, run } from './merge-context.ts';

/** A warehouse of the exchange: its row and its place in staging. */
export interface StagedWarehouse {
  /** `warehouses.id`. */
  readonly id: number;
  readonly onecId: string;
  /** Column of `onec_staging.rests`, or undefined where the figures are in `rest_extra`. */
  readonly column: string | undefined;
}

/** The warehouses that rests of this exchange name, and whether the shop has others. */
export interface StagedWarehouses {
  readonly staged: readonly StagedWarehouse[];
  readonly others: boolean;
}

/** Brings `warehouses` to what the exchange says; one that rests name without declaring it is named by its id. */
export async function mergeWarehouses(context: MergeContext): Promise<StagedWarehouses> {
  const { client, summary } = context;
  await run(
    context,
    `INSERT INTO warehouses (onec_id, name)
     SELECT id, left(coalesce(max(name), id), 255) FROM (
       SELECT id, name, ord FROM ${S}.warehouses
       UNION ALL SELECT id, NULL, 9000000000000000000 FROM unnest($1::text[]) AS used (id)) w
     WHERE NOT EXISTS (SELECT 1 FROM warehouses known WHERE known.onec_id = w.id) GROUP BY id ORDER BY min(ord), id`,
    [summary.warehouses.map((warehouse) => warehouse.id)],
  );
  await run(
    context,
    `UPDATE warehouses w SET name = left(s.name, 255), is_active = NOT s.deleted, updated_at = now()
     FROM ${S}.warehouses s WHERE s.id = w.onec_id
       AND (w.name, w.is_active) IS DISTINCT FROM (left(s.name, 255), NOT s.deleted)`,
  );
  const { rows } = await client.query<{ id: number; onec_id: string }>('SELECT id, onec_id FROM warehouses');
  const ids = new Map(rows.map((row) => [row.onec_id, row.id]));
  const staged = summary.warehouses.flatMap(({ id: onecId, column }) => {
    const id = ids.get(onecId);
    return id === undefined ? [] : [{ id, onecId, column: column === undefined ? undefined : `q${column}` }];
  });
  return { staged, others: rows.length > staged.length };
}
