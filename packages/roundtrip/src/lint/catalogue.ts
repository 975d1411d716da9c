import type { Client } from '../postgres/connection.ts';

/** What a statement's text does not say and the database knows. Names are qualified: "public.orders". */
export interface Catalogue {
  readonly foreignKeys: readonly {
    readonly table: string;
    readonly name: string;
    readonly columns: readonly string[];
    readonly refersTo: string;
    readonly refersToColumns: readonly string[];
  }[];
  /** The table of an index. */
  readonly indexes: Readonly<Record<string, string>>;
  /** Types by "public.orders.total", as `format_type` spells them. */
  readonly columns: Readonly<Record<string, string>>;
  /** Columns that a validated CHECK says are not null. */
  readonly provenNotNull: readonly string[];
}

/** Nothing is known: what a lint of files alone begins with. */
export const EMPTY_CATALOGUE: Catalogue = { foreignKeys: [], indexes: {}, columns: {}, provenNotNull: [] };

const NAME = (oid: string): string =>
  `(SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ${oid})`;

/** Reads it from the database that the migrations are for. @example await withClient(address, session, readCatalogue) */
export async function readCatalogue(client: Client): Promise<Catalogue> {
  const { rows: keys } = await client.query<Catalogue['foreignKeys'][number]>(
    `SELECT ${NAME('conrelid')} AS table, conname AS name, ${NAME('confrelid')} AS "refersTo",
            ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey)) AS columns,
            ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = confrelid AND attnum = ANY (confkey)) AS "refersToColumns"
     FROM pg_constraint WHERE contype = 'f' ORDER BY 1, 2`,
  );
  const { rows: indexes } = await client.query<{ name: string; on: string }>(
    `SELECT ${NAME('i.indexrelid')} AS name, ${NAME('i.indrelid')} AS "on" FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid
     JOIN pg_namespace s ON s.oid = k.relnamespace WHERE s.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')`,
  );
  const { rows: columns } = await client.query<{ name: string; type: string }>(
    `SELECT s.nspname || '.' || t.relname || '.' || a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
     FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid JOIN pg_namespace s ON s.oid = t.relnamespace
     WHERE t.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND s.nspname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const { rows: proven } = await client.query<{ name: string }>(
    `SELECT s.nspname || '.' || t.relname || '.' || a.attname AS name
     FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_namespace s ON s.oid = t.relnamespace
     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (k.conkey)
     WHERE k.contype = 'c' AND k.convalidated AND pg_get_expr(k.conbin, k.conrelid) = format('(%I IS NOT NULL)', a.attname)`,
  );
  return {
    foreignKeys: keys,
    indexes: Object.fromEntries(indexes.map(({ name, on }) => [name, on])),
    columns: Object.fromEntries(columns.map(({ name, type }) => [name, type])),
    provenNotNull: proven.map(({ name }) => name),
  };
}
