import type { Client } from '../connection.ts';

/** Objects of users begin here (PostgreSQL, `FirstNormalObjectId`). */
const USER_OID_MIN = 16_384;

/** Catalogues whose rows describe the schema, each with a condition for the rows that count. */
const CATALOGUES: Readonly<Record<string, string>> = {
  pg_namespace: `nspname NOT LIKE 'pg\\_%'`,
  pg_class: `oid IN (SELECT oid FROM lasting)`,
  pg_attribute: `attrelid IN (SELECT oid FROM lasting)`,
  pg_attrdef: `adrelid IN (SELECT oid FROM lasting)`,
  pg_index: `indrelid IN (SELECT oid FROM lasting)`,
  pg_constraint: `oid >= ${USER_OID_MIN} AND (conrelid = 0 OR conrelid IN (SELECT oid FROM lasting))`,
  pg_trigger: `tgrelid IN (SELECT oid FROM lasting)`,
  pg_rewrite: `ev_class IN (SELECT oid FROM lasting)`,
  pg_policy: 'true',
  pg_inherits: 'inhrelid IN (SELECT oid FROM lasting)',
  pg_partitioned_table: 'true',
  pg_sequence: 'seqrelid IN (SELECT oid FROM lasting)',
  pg_statistic_ext: 'true',
  pg_type: `oid >= ${USER_OID_MIN} AND typnamespace NOT IN (SELECT oid FROM temporary)`,
  pg_enum: 'true',
  pg_range: `rngtypid >= ${USER_OID_MIN}`,
  pg_proc: `oid >= ${USER_OID_MIN} AND pronamespace NOT IN (SELECT oid FROM temporary)`,
  pg_aggregate: `aggfnoid >= ${USER_OID_MIN}`,
  pg_operator: `oid >= ${USER_OID_MIN}`,
  pg_opclass: `oid >= ${USER_OID_MIN}`,
  pg_cast: `oid >= ${USER_OID_MIN}`,
  pg_collation: `oid >= ${USER_OID_MIN}`,
  pg_ts_config: `oid >= ${USER_OID_MIN}`,
  pg_ts_dict: `oid >= ${USER_OID_MIN}`,
  pg_foreign_server: 'true',
  pg_extension: 'true',
  pg_event_trigger: 'true',
  pg_default_acl: 'true',
  pg_publication: 'true',
  pg_publication_rel: 'true',
  pg_publication_namespace: 'true',
  pg_description: `objoid >= ${USER_OID_MIN} AND (classoid <> 'pg_catalog.pg_class'::regclass OR objoid IN (SELECT oid FROM lasting))`,
  pg_db_role_setting:
    'setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())',
};

const STAMP = `WITH temporary AS MATERIALIZED (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname ~ '^pg_(toast_)?temp_'),
  lasting AS MATERIALIZED (SELECT oid FROM pg_catalog.pg_class WHERE oid >= ${USER_OID_MIN} AND relpersistence <> 't')
  SELECT string_agg(part, ' ' ORDER BY part) AS stamp FROM (${Object.entries(CATALOGUES)
    .map(
      ([name, condition]) =>
        `SELECT '${name} ' || count(*) || ' ' || coalesce(sum(hashtextextended(xmin::text || ctid::text, 0)::numeric), 0) AS part
         FROM pg_catalog.${name} WHERE ${condition}`,
    )
    .join(' UNION ALL ')}) parts`;

/**
 * A text that changes with every change of the schema: where the rows of the catalogue lie and which transactions
 * wrote them. Two equal stamps mean that there was no DDL in between; two different ones, that the schema must be
 * described again: rows also move where nothing was changed. Behind a fence there are milliseconds for it; describing
 * a schema takes tens.
 *
 * Temporary tables, which sessions drop when they end, do not count. A first run takes 40 ms, one that is planned, with
 * its catalogues read and without `jit`, 3 ms (2026-11).
 */
export async function catalogueStamp(client: Client): Promise<string> {
  // Named: planned once a session, which takes longer than running it.
  const { rows } = await client.query<{ stamp: string }>({ name: 'roundtrip_catalogue_stamp', text: STAMP });
  return rows[0]?.stamp ?? '';
}
