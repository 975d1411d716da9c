import { setTimeout as delay } from 'node:timers/promises';
import { Failed } from '../../errors.ts';
import { type Client, rollBack } from '../connection.ts';
import { type CountedChanges, isUnchanged, NO_CHANGES, withChanges } from '../row-changes.ts';
import { canonicalTableName, quoted, sqlTableName } from '../table-name.ts';
import { dropPublication } from './publication.ts';
import { createSlot, dropSlot } from './slot.ts';
import { streamNames } from './stream.ts';

/**
 * The slot that keeps what is written to the protected tables of a copy, by the stream and by anybody else. Plain data,
 * for the journal.
 */
export interface CopyChangesSlot {
  readonly slot: string;
  readonly publication: string;
  /** Per "schema.table" its OID: a table of the same name that was made later is another. */
  readonly tables: Readonly<Record<string, string>>;
  /** Per "schema.table" why nothing is kept of it. */
  readonly unmeasured: Readonly<Record<string, string>>;
}

/** Changes of one table of a copy: what the stream brought (customers' writes), and what anybody else did. */
export interface CopyChanges {
  readonly stream: CountedChanges;
  readonly others: CountedChanges;
}

/** This one, and the reverse stream's at the switch. */
const SLOTS_FREE_MIN = 2;
const RETRY_MS = 50;

/**
 * From here on every change of these tables of the copy is kept in the WAL until it is counted. Called after the restore
 * and before the first change streams in. A table without replica identity is left out: published, its UPDATEs would be
 * refused. Where no slot can be had nothing is measured, and the reason is kept instead: evidence is not worth a copy.
 */
export async function keepCopyChanges(
  copy: Client,
  options: { readonly name: string; readonly tables: readonly string[]; readonly timeoutMs: number },
): Promise<CopyChangesSlot> {
  const names = changesSlotNames(options.name);
  const wanted = options.tables.map(canonicalTableName);
  const none = (because: string): CopyChangesSlot => ({
    ...names,
    tables: {},
    unmeasured: Object.fromEntries(wanted.map((table) => [table, because])),
  });
  const { tables, unmeasured } = await publishable(copy, wanted);
  if (Object.keys(tables).length === 0) return { ...names, tables, unmeasured };
  const { rows } = await copy.query<{ free: number }>(
    `SELECT current_setting('max_replication_slots')::int - (SELECT count(*)::int FROM pg_replication_slots) AS free`,
  );
  if ((rows[0]?.free ?? 0) < SLOTS_FREE_MIN)
    return none('no replication slot was free for it (max_replication_slots)');
  // The publication first: it is read as it was when a change was made.
  await dropPublication(copy, names.publication);
  const list = Object.keys(tables).map(sqlTableName).join(', ');
  await copy.query(
    `CREATE PUBLICATION ${quoted(names.publication)} FOR TABLE ${list} WITH (publish_via_partition_root = true)`,
  );
  try {
    await createSlot(copy, names.slot, options);
  } catch (error) {
    if (!(error instanceof Failed) || error.code !== 'slot-blocked') throw error;
    await dropPublication(copy, names.publication);
    return none(`its slot could not be made: ${error.seen}`);
  }
  return { ...names, tables, unmeasured };
}

/** Slot and publication, by the name of the copy's stream: found again without a journal. */
export function changesSlotNames(name: string): { readonly slot: string; readonly publication: string } {
  const { slot, publication } = streamNames(name);
  return { slot: `${slot}_changes`, publication: `${publication}_changes` };
}

async function publishable(
  copy: Client,
  wanted: readonly string[],
): Promise<Pick<CopyChangesSlot, 'tables' | 'unmeasured'>> {
  const { rows } = await copy.query<{ table: string; oid: string | null; identified: boolean }>(
    `SELECT t.name AS table, c.oid::text,
            c.relreplident IN ('f', 'i') OR EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) AS identified
     FROM unnest($1::text[], $2::text[]) AS t (name, sql)
     LEFT JOIN pg_class c ON c.oid = to_regclass(t.sql) AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p'`,
    [wanted, wanted.map(sqlTableName)],
  );
  const tables: Record<string, string> = {};
  const unmeasured: Record<string, string> = {};
  for (const { table, oid, identified } of rows) {
    if (oid === null) unmeasured[table] = 'the copy has no such table';
    else if (!identified) unmeasured[table] = 'it has no replica identity';
    else tables[table] = oid;
  }
  return { tables, unmeasured };
}

/**
 * Counts what was committed to the tables between the copy's restore and `upTo` (default: now), transaction by
 * transaction: those of the stream carry a replication origin, all others do not. What is rolled back is in neither; what
 * is put back or gone again is in both counts. Reads and keeps: asked again for the same `upTo`, the answer is the same.
 *
 * Costs one decoding of the cluster's WAL since the restore: 131 MB/s on two cores (2026-11-24), so never behind a fence.
 *
 * @example (await countCopyChanges(copy, kept, { timeoutMs: 60_000 }))['public.orders']?.others // { inserted: 0, … }
 */
export async function countCopyChanges(
  copy: Client,
  kept: CopyChangesSlot,
  options: { readonly upTo?: string | undefined; readonly timeoutMs: number },
): Promise<Readonly<Record<string, CopyChanges>>> {
  const changes: Record<string, CopyChanges> = {};
  const unknown = (table: string, because: string): void => {
    changes[table] = { stream: { unknown: because }, others: { unknown: because } };
  };
  for (const [table, because] of Object.entries(kept.unmeasured)) unknown(table, because);
  if (Object.keys(kept.tables).length === 0) return changes;
  const read = await readSlot(copy, kept, options);
  if (typeof read === 'string') {
    for (const table of Object.keys(kept.tables)) unknown(table, read);
    return changes;
  }
  const present = await publishedNow(copy, kept);
  for (const [table, oid] of Object.entries(kept.tables)) {
    if (!present.has(oid)) unknown(table, 'the table was created anew, or taken out of the publication');
    else changes[table] = ofRelation(read, oid);
  }
  return changes;
}

interface Counted {
  readonly relation: string;
  readonly kind: string;
  readonly streamed: boolean;
  readonly count: string;
}

function ofRelation(counted: readonly Counted[], oid: string): CopyChanges {
  const sum = (streamed: boolean): CountedChanges =>
    counted
      .filter((row) => row.relation === oid && row.streamed === streamed)
      .reduce((changes, { kind, count }) => withChanges(changes, { kind, count: Number(count) }), NO_CHANGES);
  return { stream: sum(true), others: sum(false) };
}

/** The tables that are still published, under the name that they had. */
async function publishedNow(copy: Client, { tables, publication }: CopyChangesSlot): Promise<Set<string>> {
  const { rows } = await copy.query<{ oid: string }>(
    `SELECT r.prrelid::text AS oid FROM pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid
     WHERE p.pubname = $1 AND r.prqual IS NULL AND p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate
       AND r.prrelid IN (SELECT to_regclass(t) FROM unnest($2::text[]) AS t)`,
    [publication, Object.keys(tables).map(sqlTableName)],
  );
  return new Set(rows.map(({ oid }) => oid));
}

/**
 * Messages of pgoutput (PostgreSQL manual, "Logical Replication Message Formats"): the first byte is the kind, the next
 * four are the relation; TRUNCATE names several from its seventh byte on. A transaction with an origin has a message O;
 * once its subscription is gone the message is empty.
 */
const COUNT = `
  WITH changes AS MATERIALIZED (
    SELECT xid, data, CASE WHEN length(data) > 0 THEN chr(get_byte(data, 0)) ELSE 'O' END AS kind
    FROM pg_logical_slot_peek_binary_changes($1, $2::pg_lsn, NULL, 'proto_version', '1', 'publication_names', $3)),
  origins AS (SELECT DISTINCT xid FROM changes WHERE kind = 'O'),
  touched AS (
    SELECT xid, kind, substr(data, 2, 4) AS relation FROM changes WHERE kind IN ('I', 'U', 'D')
    UNION ALL
    SELECT xid, kind, substr(data, 7 + 4 * n, 4)
    FROM changes, generate_series(0, ('x' || encode(substr(data, 2, 4), 'hex'))::bit(32)::int - 1) AS n WHERE kind = 'T')
  SELECT ('x' || encode(relation, 'hex'))::bit(32)::int::oid::text AS relation, kind,
         origins.xid IS NOT NULL AS streamed, count(*)::text AS count
  FROM touched LEFT JOIN origins USING (xid) GROUP BY 1, 2, 3`;

/** What the slot holds, or why that cannot be said. */
async function readSlot(
  copy: Client,
  kept: CopyChangesSlot,
  options: { readonly upTo?: string | undefined; readonly timeoutMs: number },
): Promise<readonly Counted[] | string> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    const { rows } = await copy.query<{ status: string | null; pid: number | null }>(
      'SELECT wal_status AS status, active_pid AS pid FROM pg_replication_slots WHERE slot_name = $1',
      [kept.slot],
    );
    const [found] = rows;
    if (found === undefined) return 'the slot that kept the changes is gone';
    if (found.status === 'lost')
      return 'the server let go of the WAL that kept the changes (max_slot_wal_keep_size)';
    // A process that was killed while it counted: its statement may run on.
    if (found.pid !== null) await copy.query('SELECT pg_terminate_backend($1)', [found.pid]);
    try {
      return await readOnce(copy, kept, { upTo: options.upTo, timeoutMs: deadline - Date.now() });
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === '57014') return `reading the WAL took longer than ${options.timeoutMs} ms`;
      // After the switch a full disk of the server is no reason to go back: the number is lost, not the run.
      if (/^5[348]/.test(code ?? '')) return `reading the WAL failed: ${(error as Error).message}`;
      // 55006: the slot is in use.
      if (code !== '55006' || Date.now() > deadline) throw error;
      await delay(RETRY_MS);
    }
  }
}

async function readOnce(
  copy: Client,
  kept: CopyChangesSlot,
  { upTo, timeoutMs }: { readonly upTo?: string | undefined; readonly timeoutMs: number },
): Promise<readonly Counted[]> {
  await copy.query('BEGIN');
  try {
    await copy.query(
      `SET LOCAL statement_timeout = ${Math.max(1, Math.ceil(timeoutMs))}; SET LOCAL jit = off`,
    );
    const { rows } = await copy.query<Counted>(COUNT, [kept.slot, upTo ?? null, quoted(kept.publication)]);
    return rows;
  } finally {
    await rollBack(copy);
  }
}

/** Lets go of the WAL. `session` may be in any database of the cluster, `copy` is where the publication is. */
export async function dropCopyChanges(
  sessions: { readonly session: Client; readonly copy?: Client | undefined },
  name: string,
  options: { readonly timeoutMs: number },
): Promise<void> {
  const { slot, publication } = changesSlotNames(name);
  await dropSlot(sessions.session, slot, options);
  if (sessions.copy !== undefined) await dropPublication(sessions.copy, publication);
}

/**
 * The tables to which anybody but the stream wrote, with what was done.
 *
 * @example tablesWritten(changes).length // 0
 */
export function tablesWritten(
  changes: Readonly<Record<string, CopyChanges>>,
): readonly (readonly [string, CountedChanges])[] {
  return Object.entries(changes)
    .filter(([, { others }]) => !('unknown' in others) && !isUnchanged(others))
    .map(([table, { others }]) => [table, others] as const);
}
