import type { Client } from './connection.ts';

/** A table of a user schema with its columns in attribute order. */
export interface TableColumns {
  /** "schema.table". */
  readonly table: string;
  readonly pages: number;
  readonly columns: readonly { readonly name: string; readonly hashed: 'binary' | 'text' }[];
}

/**
 * Types whose hash is as strict as their bytes. Others are hashed as text: numeric without a scale (1.0 equals 1.00),
 * jsonb (holds such numerics), floats (-0 equals 0), types without a hash function, and collations that call
 * different texts equal.
 */
const BINARY_TYPES = [
  'bool',
  'int2',
  'int4',
  'int8',
  'oid',
  'uuid',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'bytea',
  'name',
  '"char"',
];
const TEXT_TYPES = ['text', 'varchar', 'bpchar'];

/** The ordinary tables (partitions included, their parents not) outside the system schemas, by name. */
export async function listTables(client: Client, wanted?: readonly string[]): Promise<TableColumns[]> {
  const { rows } = await client.query<{
    table: string;
    pages: number;
    columns: { name: string; hashed: 'binary' | 'text' }[];
  }>(
    `SELECT n.nspname || '.' || c.relname AS table, greatest(c.relpages, pg_relation_size(c.oid) / 8192)::int AS pages,
            coalesce(json_agg(json_build_object('name', a.attname, 'hashed',
              CASE WHEN t.typname = ANY ($2::text[]) OR (t.typname = 'numeric' AND a.atttypmod <> -1)
                     OR (t.typname = ANY ($3::text[]) AND coalesce(co.collisdeterministic, true))
                   THEN 'binary' ELSE 'text' END) ORDER BY a.attnum) FILTER (WHERE a.attnum IS NOT NULL), '[]') AS columns
     FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     LEFT JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_collation co ON co.oid = a.attcollation
     WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
       AND ($1::text[] IS NULL OR n.nspname || '.' || c.relname = ANY ($1))
     GROUP BY n.nspname, c.relname, c.oid, c.relpages ORDER BY 1`,
    [wanted ?? null, BINARY_TYPES, TEXT_TYPES],
  );
  return rows;
}
