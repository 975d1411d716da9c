import type { Client } from './connection.ts';
import { canonicalTableName, formatTableName, quoted } from './table-name.ts';

/** A part of a table that holds rows: the table itself, or one of its partitions. */
export interface TableStorage {
  /** For SQL text: every part quoted. */
  readonly sql: string;
  readonly pages: number;
}

/** A table of a user schema with its columns in attribute order. */
export interface TableColumns {
  /** "schema.table" in the one spelling of `formatTableName`. */
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly hashed: 'binary' | 'text' }[];
  /** One for an ordinary table; the leaves of a partitioned one, possibly none. */
  readonly storage: readonly TableStorage[];
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
  'char',
];
const TEXT_TYPES = ['text', 'varchar', 'bpchar'];

/**
 * The tables outside the system schemas, by name. A partitioned table is one table whose rows lie in its leaves: the
 * leaves are not listed by themselves. Tables that belong to an extension are left out unless the extension declares
 * their rows to be the user's (`pg_extension_config_dump`), as pg_dump does.
 */
export async function listTables(client: Client, wanted?: readonly string[]): Promise<TableColumns[]> {
  const { rows } = await client.query<{
    schema: string;
    name: string;
    columns: { name: string; hashed: 'binary' | 'text' }[];
    storage: { schema: string; name: string; pages: number }[];
  }>(
    `SELECT n.nspname AS schema, c.relname AS name,
            (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'hashed',
                      CASE WHEN t.typname = ANY ($1::text[]) OR (t.typname = 'numeric' AND a.atttypmod <> -1)
                             OR (t.typname = ANY ($2::text[]) AND coalesce(co.collisdeterministic, true))
                           THEN 'binary' ELSE 'text' END) ORDER BY a.attnum), '[]')
             FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
             LEFT JOIN pg_collation co ON co.oid = a.attcollation
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
            (SELECT coalesce(json_agg(json_build_object('schema', ln.nspname, 'name', l.relname,
                      'pages', pg_relation_size(l.oid) / current_setting('block_size')::bigint) ORDER BY l.oid), '[]')
             FROM (SELECT c.oid AS leaf WHERE c.relkind = 'r'
                   UNION ALL SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf AND c.relkind = 'p') AS leaves
             JOIN pg_class l ON l.oid = leaf AND l.relkind = 'r'
             JOIN pg_namespace ln ON ln.oid = l.relnamespace) AS storage
     FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
       AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
                       WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
                         AND d.refclassid = 'pg_extension'::regclass AND NOT c.oid = ANY (coalesce(e.extconfig, '{}')))`,
    [BINARY_TYPES, TEXT_TYPES],
  );
  const names = wanted === undefined ? undefined : new Set(wanted.map(canonicalTableName));
  return rows
    .map(({ schema, name, columns, storage }) => ({
      table: formatTableName({ schema, name }),
      columns,
      storage: storage.map((leaf) => ({
        sql: `${quoted(leaf.schema)}.${quoted(leaf.name)}`,
        pages: leaf.pages,
      })),
    }))
    .filter(({ table }) => names === undefined || names.has(table))
    .sort((a, b) => (a.table < b.table ? -1 : 1));
}
