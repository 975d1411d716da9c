import { listTables } from '../postgres/columns.ts';
import type { Client } from '../postgres/connection.ts';
import { type ForeignKey, foreignKeys } from '../postgres/foreign-keys.ts';
import { type DatabaseIdentity, identify } from '../postgres/identity.ts';
import { parseTableName } from '../postgres/table-name.ts';

/** What the catalogue knows of a table; a partitioned one is the sum of its leaves. */
export interface TableFacts {
  /** "schema.table" in the one spelling of `formatTableName`. */
  readonly table: string;
  /** The server's own estimate; null where the table was never analysed. */
  readonly rows: number | null;
  /** Rows and their TOAST, without indexes: what a dump reads. */
  readonly bytes: number;
  readonly indexBytes: number;
  readonly keyed: boolean;
  /** False for an unlogged table: replication does not see it. */
  readonly logged: boolean;
  /** Updates and deletes since the statistics began: somebody writes it, not only loads it. */
  readonly changes: number;
}

/** What `init` proposes from: everything that it reads of a database, but for the measurement. */
export interface DatabaseFacts {
  readonly identity: DatabaseIdentity;
  /** "15.18". */
  readonly version: string;
  readonly walLevel: string;
  readonly role: {
    readonly name: string;
    readonly superuser: boolean;
    readonly createsDatabases: boolean;
    readonly replicates: boolean;
  };
  readonly tables: readonly TableFacts[];
  readonly foreignKeys: readonly ForeignKey[];
}

/** The tool's own schema, in a database that was migrated with it before. */
const OWN_SCHEMA = 'roundtrip';

/**
 * Reads sizes, keys and settings from the catalogue; reads no row of a table and changes nothing.
 *
 * @example const facts = await withClient(address, { applicationName: 'looking' }, readDatabaseFacts)
 */
export async function readDatabaseFacts(client: Client): Promise<DatabaseFacts> {
  const { rows } = await client.query<DatabaseFacts['role'] & { version: string; walLevel: string }>(
    `SELECT current_setting('server_version') AS version, current_setting('wal_level') AS "walLevel", rolname AS name,
            rolsuper AS superuser, rolsuper OR rolcreatedb AS "createsDatabases", rolsuper OR rolreplication AS replicates
     FROM pg_roles WHERE rolname = current_user`,
  );
  const [server] = rows;
  const {
    version = '',
    walLevel = '',
    ...role
  } = server ?? {
    name: 'unknown',
    superuser: false,
    createsDatabases: false,
    replicates: false,
  };
  const names = (await listTables(client))
    .map(({ table }) => table)
    .filter((table) => parseTableName(table).schema !== OWN_SCHEMA);
  return {
    identity: await identify(client),
    version: version.split(' ')[0] ?? '',
    walLevel,
    role,
    tables: await tableFacts(client, names),
    foreignKeys: await foreignKeys(client),
  };
}

async function tableFacts(client: Client, tables: readonly string[]): Promise<TableFacts[]> {
  const parts = tables.map(parseTableName);
  const { rows } = await client.query<
    Omit<TableFacts, 'rows' | 'bytes' | 'indexBytes' | 'changes'> &
      Record<'rows' | 'bytes' | 'indexBytes' | 'changes', string>
  >(
    `SELECT t.name AS table, c.relpersistence = 'p' AS logged,
            EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) AS keyed, s.*
     FROM unnest($1::text[], $2::text[], $3::text[]) t (name, schema, relation)
     JOIN pg_namespace n ON n.nspname = t.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.relation
     CROSS JOIN LATERAL (
       SELECT CASE WHEN bool_and(l.reltuples < 0) THEN -1 ELSE sum(greatest(l.reltuples, 0)) END::bigint::text AS rows,
              coalesce(sum(pg_table_size(l.oid)), 0)::text AS bytes, coalesce(sum(pg_indexes_size(l.oid)), 0)::text AS "indexBytes",
              coalesce(sum(coalesce(st.n_tup_upd, 0) + coalesce(st.n_tup_del, 0)), 0)::text AS changes
       FROM pg_class l LEFT JOIN pg_stat_all_tables st ON st.relid = l.oid
       WHERE l.relkind = 'r' AND (l.oid = c.oid OR l.oid IN (SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf))
     ) s ORDER BY 1`,
    [tables, parts.map(({ schema }) => schema), parts.map(({ name }) => name)],
  );
  return rows.map((row) => ({
    ...row,
    rows: row.rows === null || Number(row.rows) < 0 ? null : Number(row.rows),
    bytes: Number(row.bytes),
    indexBytes: Number(row.indexBytes),
    changes: Number(row.changes),
  }));
}
