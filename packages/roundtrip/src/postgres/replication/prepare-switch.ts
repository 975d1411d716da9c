import { Failed, Refused } from '../../errors.ts';
import type { Client } from '../connection.ts';
import { type DatabaseDescription, describeDatabase } from '../describe.ts';
import { changesInWords } from '../row-changes.ts';
import { catalogueStamp } from './catalogue-stamp.ts';
import { columnsInCommon } from './columns-in-common.ts';
import { type ComparedAtOnePoint, compareAtOnePoint } from './compare-at-one-point.ts';
import { type CopyChanges, countCopyChanges, tablesWritten } from './copy-changes.ts';
import { drainTo } from './drain.ts';
import { flushCommits } from './marker.ts';
import { replicationPreflight } from './preflight.ts';
import { createPublication, dropPublication } from './publication.ts';
import { refuseFindings } from './refuse-findings.ts';
import { driftOn } from './schema-drift.ts';
import { type StreamSessions, sessionPair } from './sessions.ts';
import { createSlot, dropSlot } from './slot.ts';
import { type ReplicationStream, streamNames } from './stream.ts';
import type { SwitchToCopyOptions } from './switch-to-copy.ts';

/** What is known and made before the fence. */
export interface PreparedSwitch {
  readonly compared: ComparedAtOnePoint;
  /** The reverse stream without its beginning, which is known behind the fence. */
  readonly prepared: ReplicationStream;
  /** Of the source's catalogue, taken before it was described. */
  readonly stamp: string;
  readonly described: DatabaseDescription;
}

/**
 * All of a switch that customers need not wait for: the way back is looked at, the schema is described, both sides
 * are compared, publication and slot of the reverse stream are made, and the forward stream is drained once more.
 *
 * @throws Refused `replication-refused`, `schema-drifted`; Failed `sides-differ`, `slot-blocked`, `drain-timed-out`.
 */
export async function prepareSwitch(
  sessions: StreamSessions,
  options: SwitchToCopyOptions,
): Promise<PreparedSwitch> {
  const { source, begun, timeoutMs, fenceTimeoutMs } = options;
  const { publisher, subscriber } = sessionPair(sessions);
  await refuseReverse(subscriber, publisher, options);
  // The stamp first: what is changed after it shows behind the fence.
  const stamp = await catalogueStamp(publisher);
  const described = options.described ?? (await describeDatabase(publisher));
  await refuseDrift(publisher, source.database, described);
  const compared = await compareAtOnePoint(sessions, begun.stream, { lockTimeoutMs: fenceTimeoutMs });
  if (compared.differing.length > 0 || compared.broken.length > 0) throw sidesDiffer(compared);
  await refuseWritten(subscriber, options);
  const prepared = await prepareReverseSlot(sessions, options);
  // Leaves little to do behind the fence: the changes of the comparison's seconds.
  await drainTo({ publisher, subscriber }, begun.stream, { timeoutMs });
  await advanceSlot(subscriber, prepared.slot);
  return { compared, prepared, described, stamp: await warmStamp(sessions, stamp, options, described) };
}

/**
 * The stamp once more, on the session that takes it behind the fence: there it is planned then, and the seconds of the
 * comparison are looked at here.
 */
async function warmStamp(
  sessions: StreamSessions,
  before: string,
  { source }: SwitchToCopyOptions,
  described: DatabaseDescription,
): Promise<string> {
  const session = catalogueSession(sessions);
  await session.query('SET jit = off');
  const stamp = await catalogueStamp(session);
  if (stamp !== before) await refuseDrift(session, source.database, described);
  return stamp;
}

/**
 * Rows that a statement of the migration wrote and put back are equal on both sides. Here, where customers wait for nothing;
 * what came until the fence is counted when they are served again.
 *
 * @throws Failed `protected-table-written`.
 */
async function refuseWritten(copy: Client, { begun, timeoutMs }: SwitchToCopyOptions): Promise<void> {
  if (begun.changes === undefined) return;
  await flushCommits(copy);
  const changes = await countCopyChanges(copy, begun.changes, { timeoutMs });
  if (tablesWritten(changes).length > 0) throw protectedTableWritten(changes);
}

/** For a copy whose protected tables somebody wrote to, who was not the stream. */
export function protectedTableWritten(changes: Readonly<Record<string, CopyChanges>>): Failed {
  const seen = tablesWritten(changes).map(([table, changes]) =>
    'unknown' in changes ? table : `${table} (${changesInWords(changes)})`,
  );
  return new Failed({
    code: 'protected-table-written',
    seen: `protected rows of the copy were written by a transaction that is not the stream's: ${seen.join(', ')}`,
    expected: 'no statement that writes to a protected table between the restore of the copy and the switch',
    next: 'the run goes back; look for a statement or a trigger of the migration that writes to these tables',
    fields: { changes },
  });
}

/** The session of the source that does not drain. */
export function catalogueSession(sessions: StreamSessions): Client {
  return sessions.publishers[1] ?? sessionPair(sessions).publisher;
}

/**
 * What stands in the way of the reverse stream: without it there is no way back, and a published table without replica
 * identity would refuse the customers' UPDATEs. The forward stream ends before it begins. Open transactions are not
 * refused here: making the slot waits for them, and names them when they do not end.
 */
async function refuseReverse(
  copy: Client,
  source: Client,
  { begun: { stream } }: SwitchToCopyOptions,
): Promise<void> {
  const findings = await replicationPreflight({
    publisher: copy,
    subscriber: source,
    tables: stream.tables.map(({ table }) => table),
    endsBefore: stream,
  });
  refuseFindings(findings, 'nothing in the way of the reverse stream', ['old-transactions']);
}

/**
 * @throws Refused `schema-drifted`, naming what was changed.
 */
export async function refuseDrift(
  source: Client,
  name: string,
  described: DatabaseDescription,
): Promise<void> {
  const drift = await driftOn(source, described);
  if (drift.length === 0) return;
  throw new Refused({
    code: 'schema-drifted',
    seen: `the schema of ${name} was changed since the copy was made: ${drift.slice(0, 5).join('; ')}`,
    expected: 'no DDL while a copy is kept in step: it is not replicated',
    next: 'make the copy anew',
    fields: { drift },
  });
}

/**
 * Publication and slot on the copy, made before the fence, since making a slot waits for other transactions of the
 * cluster. What the forward stream applies until the fence is in it too, and skipped by `startLsn`. What an earlier
 * attempt left is made anew: its columns may be others by now, and nothing of it was ever read.
 */
async function prepareReverseSlot(
  sessions: StreamSessions,
  options: SwitchToCopyOptions,
): Promise<ReplicationStream> {
  const { publisher: source, subscriber: copy } = sessionPair(sessions);
  const name = options.reverseName;
  const names = streamNames(name);
  await dropSlot(copy, names.slot, options);
  await dropPublication(copy, names.publication);
  const tables = await columnsInCommon(
    copy,
    source,
    options.begun.stream.tables.map(({ table }) => table),
  );
  await createPublication(copy, names.publication, tables);
  await createSlot(copy, names.slot, { timeoutMs: options.timeoutMs });
  return { name, ...names, tables, startLsn: null, serverPasswordFile: null, passwordFileInstalled: false };
}

/** Lets go of WAL that the forward stream has left in the slot. Where the stream begins is `startLsn`, not this. */
async function advanceSlot(copy: Client, slot: string): Promise<void> {
  await copy.query('SELECT pg_replication_slot_advance($1, pg_current_wal_flush_lsn())', [slot]);
}

/** For rows or foreign keys that do not agree. */
export function sidesDiffer(compared: Pick<ComparedAtOnePoint, 'differing' | 'broken'>): Failed {
  const { differing, broken } = compared;
  return new Failed({
    code: 'sides-differ',
    seen: [
      ...differing.map((table) => `rows of ${table} differ`),
      ...broken.map(({ constraint, table, rows }) => `${constraint}: ${rows} rows of ${table} point nowhere`),
    ].join('; '),
    expected: 'the copy to hold every protected row, with every foreign key',
    next: 'the old database serves, and the copy goes as the run goes back: find out what writes to these tables of it besides the stream (a trigger, a step), then run again',
    fields: { differing, broken },
  });
}
