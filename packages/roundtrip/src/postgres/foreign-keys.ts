import type { Client } from './connection.ts';

/** A foreign key whose table or target is one of those asked for. */
export interface ForeignKey {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly target: string;
  readonly targetColumns: readonly string[];
  readonly validated: boolean;
  /** 'a' no action, 'r' restrict, 'c' cascade, 'n' set null, 'd' set default. */
  readonly onDelete: string;
}

/** Foreign keys of the user schemas; quoted, qualified names. */
export async function foreignKeys(client: Client): Promise<ForeignKey[]> {
  const { rows } = await client.query<ForeignKey>(
    `SELECT k.conname AS name, format('%I.%I', rn.nspname, r.relname) AS table, format('%I.%I', fn.nspname, f.relname) AS target,
            k.convalidated AS validated, k.confdeltype AS "onDelete",
            (SELECT json_agg(quote_ident(a.attname) ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY u(num, n) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num) AS columns,
            (SELECT json_agg(quote_ident(a.attname) ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY u(num, n) JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num) AS "targetColumns"
     FROM pg_constraint k JOIN pg_class r ON r.oid = k.conrelid JOIN pg_namespace rn ON rn.oid = r.relnamespace
     JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
     WHERE k.contype = 'f' AND k.conparentid = 0 ORDER BY 2, 1`,
  );
  return rows;
}

/**
 * The foreign keys touching these tables that do not hold: not validated, or with rows that point nowhere. Rows are
 * looked at, not only `convalidated`: rows that replication applied were never checked, and the flag stays true.
 */
export async function unvalidatedForeignKeys(
  client: Client,
  options: { readonly tables: readonly string[] },
): Promise<string[]> {
  const wanted = new Set(options.tables.map((table) => (table.includes('.') ? table : `public.${table}`)));
  const broken: string[] = [];
  for (const key of await foreignKeys(client)) {
    if (!wanted.has(key.table) && !wanted.has(key.target)) continue;
    const orphans = await countOrphans(client, key);
    if (!key.validated) broken.push(`${key.name} on ${key.table} (not validated)`);
    else if (orphans !== '0') broken.push(`${key.name} on ${key.table} (${orphans} rows point nowhere)`);
  }
  return broken;
}

async function countOrphans(client: Client, key: ForeignKey): Promise<string> {
  const match = key.columns
    .map((column, index) => `p.${key.targetColumns[index]} = c.${column}`)
    .join(' AND ');
  const present = key.columns.map((column) => `c.${column} IS NOT NULL`).join(' AND ');
  const { rows } = await client.query<{ count: string }>(
    `SELECT count(*)::text AS count FROM ${key.table} c WHERE ${present} AND NOT EXISTS (SELECT FROM ${key.target} p WHERE ${match})`,
  );
  return rows[0]?.count ?? '0';
}
