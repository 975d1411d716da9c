import type { Client } from '../connection.ts';
import { foreignKeys, orphansOf } from '../foreign-keys.ts';
import { canonicalTableName, quoted } from '../table-name.ts';

/** A foreign key with rows that point nowhere. */
export interface BrokenKey {
  readonly constraint: string;
  readonly table: string;
  readonly target: string;
  readonly rows: string;
  /** Some of the values that are missing in the target, by column of the key. */
  readonly sample: readonly Readonly<Record<string, string>>[];
}

const SAMPLE_MAX = 10;

/**
 * Foreign keys touching these tables whose rows point nowhere. Rows are joined, since `convalidated` says nothing:
 * replication applies with `session_replication_role = replica`, which checks no foreign key, and the flag stays true.
 *
 * @example (await foreignKeyAntiJoins(client, { tables: ['order_items'] }))[0]?.sample // [{ product_id: '70001' }]
 */
export async function foreignKeyAntiJoins(
  client: Client,
  options: { readonly tables: readonly string[] },
): Promise<BrokenKey[]> {
  const wanted = new Set(options.tables.map(canonicalTableName));
  const broken: BrokenKey[] = [];
  for (const key of await foreignKeys(client)) {
    if (!wanted.has(key.table) && !wanted.has(key.target)) continue;
    const values = key.columns.map((column) => `c.${quoted(column)}::text AS ${quoted(column)}`).join(', ');
    const { rows } = await client.query<{ count: string; sample: Record<string, string>[] }>(
      `WITH orphans AS MATERIALIZED (SELECT ${values} ${orphansOf(key)})
       SELECT (SELECT count(*)::text FROM orphans) AS count,
              (SELECT coalesce(json_agg(d), '[]') FROM (SELECT DISTINCT * FROM orphans LIMIT ${SAMPLE_MAX}) d) AS sample`,
    );
    const [row] = rows;
    if (row === undefined || row.count === '0') continue;
    const { name, table, target } = key;
    broken.push({ constraint: name, table, target, rows: row.count, sample: row.sample });
  }
  return broken;
}
