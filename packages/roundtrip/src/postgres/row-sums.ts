import type { TableColumns } from './columns.ts';
import { quoted } from './table-name.ts';

/** Which rows are summed, and together with which. */
export interface RowSumOptions {
  /** An expression that numbers the parts of the source: one row of sums for each. */
  readonly part?: string | undefined;
  /** A condition: rows that do not meet it are counted, but not hashed; `sampled` counts those that were. */
  readonly only?: string | undefined;
}

/** Columns as they go into a hash, for SQL text. */
export function hashedMembers(columns: TableColumns['columns']): string {
  return columns
    .map(({ name, hashed }) => (hashed === 'text' ? `${quoted(name)}::text COLLATE "C"` : quoted(name)))
    .join(', ');
}

/**
 * SQL for count and digest sums of the rows of `source`.
 *
 * The hash of a record is 31·hash(a) + hash(b): linear, so that a plain sum of it cannot see two rows that exchange
 * the values of one column. Each hash is therefore mixed with a hash of itself before it is summed. `OFFSET 0` keeps
 * the planner from computing the inner hash twice.
 */
export function sumOfRows(
  columns: TableColumns['columns'],
  source: string,
  { part, only }: RowSumOptions = {},
): string {
  const [inner, outer, group] =
    part === undefined ? ['', '', ''] : [`, ${part} AS part`, 'part, ', ' GROUP BY part'];
  const row = `ROW(${hashedMembers(columns)})`;
  // The hash of no record is null, which neither a sum nor a count takes in.
  const [hashed, count] =
    only === undefined ? [row, ''] : [`CASE WHEN ${only} THEN ${row} END`, 'count(a)::text AS sampled, '];
  return `SELECT ${outer}count(*)::text AS rows, ${count}coalesce(sum(a # hashint8extended(a, 1)), 0)::text AS first,
            coalesce(sum(b # hashint8extended(b, 2)), 0)::text AS second
     FROM (SELECT ${outer}hash_record_extended(r, 0) AS a, hash_record_extended(r, 7919) AS b
           FROM (SELECT ${hashed} AS r${inner} FROM ${source} OFFSET 0) AS s OFFSET 0) AS h${group}`;
}
