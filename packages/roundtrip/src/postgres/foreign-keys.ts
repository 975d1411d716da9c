import type { Client } from './connection.ts';
import { canonicalTableName, formatTableName, quoted, sqlTableName } from './table-name.ts';

/** A foreign key of a user schema. */
export interface ForeignKey {
  readonly name: string;
  /** "schema.table" in the one spelling of `formatTableName`, as is `target`. */
  readonly table: string;
  /** As the catalogue spells them: quote them for SQL. */
  readonly columns: readonly string[];
  readonly target: string;
  readonly targetColumns: readonly string[];
  readonly validated: boolean;
  /** 'a' no action, 'r' restrict, 'c' cascade, 'n' set null, 'd' set default. */
  readonly onDelete: string;
}

/** Foreign keys of the user schemas, by table and name; those that partitions inherit are their parent's. */
export async function foreignKeys(client: Client): Promise<ForeignKey[]> {
  const { rows } = await client.query<
    Omit<ForeignKey, 'table' | 'target'> & {
      tableSchema: string;
      tableName: string;
      targetSchema: string;
      targetName: string;
    }
  >(
    `SELECT k.conname AS name, rn.nspname AS "tableSchema", r.relname AS "tableName", fn.nspname AS "targetSchema",
            f.relname AS "targetName", k.convalidated AS validated, k.confdeltype AS "onDelete",
            (SELECT json_agg(a.attname ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY u(num, n) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num) AS columns,
            (SELECT json_agg(a.attname ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY u(num, n) JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num) AS "targetColumns"
     FROM pg_constraint k JOIN pg_class r ON r.oid = k.conrelid JOIN pg_namespace rn ON rn.oid = r.relnamespace
     JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
     WHERE k.contype = 'f' AND k.conparentid = 0 ORDER BY 2, 3, 1`,
  );
  return rows.map(({ tableSchema, tableName, targetSchema, targetName, ...key }) => ({
    ...key,
    table: formatTableName({ schema: tableSchema, name: tableName }),
    target: formatTableName({ schema: targetSchema, name: targetName }),
  }));
}

/**
 * The foreign keys touching these tables that do not hold: not validated, or with rows that point nowhere. Rows are
 * looked at, not only `convalidated`: rows that replication applied were never checked, and the flag stays true.
 */
export async function unvalidatedForeignKeys(
  client: Client,
  options: { readonly tables: readonly string[] },
): Promise<string[]> {
  const wanted = new Set(options.tables.map(canonicalTableName));
  const broken: string[] = [];
  for (const key of await foreignKeys(client)) {
    if (!wanted.has(key.table) && !wanted.has(key.target)) continue;
    const orphans = await countOrphans(client, key);
    if (!key.validated) broken.push(`${key.name} on ${key.table} (not validated)`);
    else if (orphans !== '0') broken.push(`${key.name} on ${key.table} (${orphans} rows point nowhere)`);
  }
  return broken;
}

/** Rows of the key's table that point nowhere: an anti-join, by MATCH SIMPLE (a null in any column is no reference). */
export function orphansOf(key: ForeignKey): string {
  const match = key.columns.map(
    (column, at) => `p.${quoted(key.targetColumns[at] ?? '')} = c.${quoted(column)}`,
  );
  const present = key.columns.map((column) => `c.${quoted(column)} IS NOT NULL`);
  return `FROM ${sqlTableName(key.table)} c WHERE ${present.join(' AND ')}
          AND NOT EXISTS (SELECT FROM ${sqlTableName(key.target)} p WHERE ${match.join(' AND ')})`;
}

async function countOrphans(client: Client, key: ForeignKey): Promise<string> {
  const { rows } = await client.query<{ count: string }>(`SELECT count(*)::text AS count ${orphansOf(key)}`);
  return rows[0]?.count ?? '0';
}
