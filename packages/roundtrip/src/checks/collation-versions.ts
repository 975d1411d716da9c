import type { Check } from './check.ts';

/**
 * Collations whose library was updated under the database's feet (PostgreSQL manual, ALTER COLLATION): indexes made under
 * the old order may miss rows, unique ones may hold duplicates that a restore then refuses; and the server warns at every
 * connection, which pg_dump repeats on stderr.
 */
export const collationVersions: Check = {
  name: 'collation versions',
  appliesTo: ['live', 'rehearsal'],
  async run({ session }) {
    const client = await session();
    const { rows } = await client.query<{ what: string; recorded: string; actual: string; cure: string }>(
      `SELECT 'database ' || quote_ident(datname) AS what, datcollversion AS recorded, actual,
              format('REINDEX DATABASE %I; ALTER DATABASE %I REFRESH COLLATION VERSION', datname, datname) AS cure
       FROM pg_database, pg_database_collation_actual_version(oid) actual
       WHERE datname = current_database() AND datcollversion <> actual
       UNION ALL
       SELECT 'collation ' || oid::regcollation, collversion, actual,
              format('REINDEX the indexes that use it; ALTER COLLATION %s REFRESH VERSION', oid::regcollation)
       FROM pg_collation, pg_collation_actual_version(oid) actual
       WHERE collversion <> actual AND EXISTS (SELECT FROM pg_index WHERE pg_collation.oid = ANY (indcollation))
       ORDER BY 1`,
    );
    return rows.map(({ what, recorded, actual, cure }) => ({
      code: 'collation-version',
      severity: 'refusal',
      seen: `${what} was made with collation version ${recorded}; the machine has ${actual}`,
      expected: 'the same: text indexes may be out of order',
      cure: `${cure}, days ahead`,
    }));
  },
};
