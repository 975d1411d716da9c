import { Refused } from '../errors.ts';
import type { Client } from '../postgres/connection.ts';

const FORMAT = 1;

/**
 * The tables of a control store. `line` is the record's line of the journal file, byte for byte, so that both stores have one
 * chain of hashes and one reader. A second record of the same number is refused by the primary key, whoever writes it.
 *
 * The triggers keep programs and people from changing what was written by mistake; against whoever may drop a trigger there
 * is the chain, and the copy on every machine.
 */
const SCHEMA = `
SELECT pg_advisory_xact_lock(hashtextextended('roundtrip_control schema', 0));
CREATE SCHEMA IF NOT EXISTS roundtrip_control;
CREATE TABLE IF NOT EXISTS roundtrip_control.store (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  format integer NOT NULL
);
INSERT INTO roundtrip_control.store (format) VALUES (${FORMAT}) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS roundtrip_control.runs (
  run text PRIMARY KEY,
  plan text NOT NULL
);
CREATE TABLE IF NOT EXISTS roundtrip_control.records (
  run text NOT NULL REFERENCES roundtrip_control.runs,
  n integer NOT NULL CHECK (n > 0),
  hash text NOT NULL,
  line text NOT NULL,
  PRIMARY KEY (run, n)
);
CREATE TABLE IF NOT EXISTS roundtrip_control.receipts (
  run text PRIMARY KEY REFERENCES roundtrip_control.runs,
  receipt text NOT NULL
);
-- On which machine, in which folder, a run has kept its files: backups, dumps, samples.
CREATE TABLE IF NOT EXISTS roundtrip_control.places (
  run text NOT NULL REFERENCES roundtrip_control.runs,
  host text NOT NULL,
  folder text NOT NULL,
  mark text NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run, host, folder, mark)
);
-- Who holds the advisory lock, for people. The lock itself is what counts.
CREATE TABLE IF NOT EXISTS roundtrip_control.operator (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  backend integer NOT NULL,
  holder text NOT NULL
);
CREATE OR REPLACE FUNCTION roundtrip_control.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'roundtrip_control.% is append-only: % refused', TG_TABLE_NAME, TG_OP;
END $$;
${['store', 'runs', 'records', 'receipts', 'places']
  .map(
    (table) => `
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON roundtrip_control.${table}
  FOR EACH STATEMENT EXECUTE FUNCTION roundtrip_control.refuse_change();`,
  )
  .join('')}
`;

/**
 * Makes the tables of a control store where they are not, and gives the store's id: another database behind the same address
 * has another.
 *
 * @throws Refused `control-store-format` for one that a newer version has made; `control-store-not-empty` for a database
 *         that is something else's, which nothing is written into.
 * @example const id = await prepareSchema(client);
 */
export async function prepareSchema(client: Client): Promise<string> {
  const { rows: found } = await client.query<{ there: boolean }>(
    "SELECT to_regclass('roundtrip_control.operator') IS NOT NULL AS there",
  );
  if (found[0]?.there !== true) {
    await refuseForeign(client);
    // Several statements in one query are one transaction: whoever comes second waits, and finds all of it.
    await client.query(SCHEMA);
  }
  const { rows } = await client.query<{ id: string; format: number }>(
    'SELECT id, format FROM roundtrip_control.store',
  );
  const [store] = rows;
  if (store?.format === FORMAT) return store.id;
  throw new Refused({
    code: 'control-store-format',
    seen: `the control store has the format ${store?.format ?? 'none'}`,
    expected: `format ${FORMAT}`,
    next: 'use the version of the tool that made it, or another database',
  });
}

/** A slip of the pen must not put tables into an application's database, least of all into the one that is migrated. */
async function refuseForeign(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'roundtrip_control')
     ORDER BY 1 LIMIT 1`,
  );
  if (rows[0] === undefined) return;
  throw new Refused({
    code: 'control-store-not-empty',
    seen: `the database that was named as control store has other tables, such as ${rows[0].name}`,
    expected: 'a database of its own',
    next: 'CREATE DATABASE for it, on another cluster than the one that is migrated, and name that; nothing was written',
  });
}
