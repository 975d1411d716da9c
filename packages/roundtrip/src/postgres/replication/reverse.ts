import { Failed } from '../../errors.ts';
import { type Client, type DatabaseAddress, rollBack, withClient } from '../connection.ts';
import type { TableFingerprints } from '../fingerprint.ts';
import { canonicalTableName } from '../table-name.ts';
import { type BrokenKey, foreignKeyAntiJoins } from './anti-join.ts';
import { dropAppliedChanges, noteAppliedChanges } from './applied-changes.ts';
import { type CarriedSequence, carrySequences } from './carry-sequences.ts';
import { columnsInCommon } from './columns-in-common.ts';
import { compareSides } from './compare-sides.ts';
import { type Drained, drainTo } from './drain.ts';
import { type StreamHealth, slotHealth, streamHealth } from './health.ts';
import { dropMarkerTable } from './marker.ts';
import { type ReplicationFinding, replicationPreflight } from './preflight.ts';
import { createPublication, dropPublication } from './publication.ts';
import { refuseFindings } from './refuse-findings.ts';
import { installPasswordFile, removePasswordFile } from './server-password-file.ts';
import { openStreamSessions, type StreamSessions, sessionPair } from './sessions.ts';
import { createSlot } from './slot.ts';
import { type ReplicationStream, streamNames } from './stream.ts';
import { createSubscription, detach } from './subscription.ts';
import { withoutEventTriggers } from './without-event-triggers.ts';

export interface ArmReverseOptions {
  /** The migrated database under its present name; clients are not let in yet. */
  readonly live: DatabaseAddress;
  /** The return database: its protected tables hold the same rows now. */
  readonly return: DatabaseAddress;
  readonly tables: readonly string[];
  /** a-z, 0-9 and _; carries the run's salt. */
  readonly name: string;
  /**
   * Password file on the machine of the return database's *server*, readable by it. Without one, a file is put into
   * its data directory when `live` has a password at all.
   */
  readonly serverPasswordFile?: string | undefined;
  /** Tables of which the return database notes each change that arrives: `countAppliedChanges`. Default none. */
  readonly noted?: readonly string[] | undefined;
  readonly timeoutMs: number;
}

export interface ArmedReverse {
  readonly stream: ReplicationStream;
  readonly warnings: readonly ReplicationFinding[];
  readonly armedMs: number;
}

const APPLICATION = 'roundtrip reverse';

/**
 * Begins to carry what is written to the protected tables of the live database into the return database. Called
 * while no client can write, before the first one can; ends only when a change has gone all the way through.
 *
 * Each part that exists is kept, so that it can be repeated after a crash at any point, also after clients have begun
 * to write: a slot that were made anew would have lost what came between.
 *
 * @throws Refused `replication-refused` with all findings; Failed `slot-blocked`, `drain-timed-out`.
 * @example await armReverse({ live, return: back, tables: ['orders'], name: 'reverse_ab12', timeoutMs: 30_000 })
 */
export async function armReverse(options: ArmReverseOptions): Promise<ArmedReverse> {
  const startedMs = performance.now();
  const { timeoutMs } = options;
  return withClient(options.live, { applicationName: APPLICATION }, (live) =>
    withClient(options.return, { applicationName: APPLICATION }, async (back) => {
      const prepared = await prepareReverse({ live, return: back }, options);
      const stream = await connectReverse(back, prepared.stream, options);
      await drainTo({ publisher: live, subscriber: back }, stream, { timeoutMs });
      const { warnings } = prepared;
      return { stream, warnings, armedMs: Math.round(performance.now() - startedMs) };
    }),
  );
}

/**
 * The half of arming that must precede the first write: publication and slot. From here on nothing is lost, and the
 * rest can wait until clients are served again.
 */
export async function prepareReverse(
  sessions: { readonly live: Client; readonly return: Client },
  options: Pick<ArmReverseOptions, 'tables' | 'name' | 'timeoutMs'>,
): Promise<{ readonly stream: ReplicationStream; readonly warnings: readonly ReplicationFinding[] }> {
  const { live, return: back } = sessions;
  const { name, tables, timeoutMs } = options;
  const names = streamNames(name);
  const warnings = await findingsOrRefusal(live, back, tables, names.slot);
  const common = await columnsInCommon(live, back, tables);
  await createPublication(live, names.publication, common);
  await createSlot(live, names.slot, { timeoutMs });
  const stream = {
    name,
    ...names,
    tables: common,
    startLsn: null,
    serverPasswordFile: null,
    passwordFileInstalled: false,
  };
  return { stream, warnings };
}

/** The other half: the return database subscribes to `live` under the name that it has now. */
export async function connectReverse(
  back: Client,
  prepared: ReplicationStream,
  options: Pick<ArmReverseOptions, 'live' | 'serverPasswordFile' | 'noted'>,
): Promise<ReplicationStream> {
  return withoutEventTriggers(back, async () => {
    await noteFromTheFirst(back, prepared, options.noted ?? []);
    const serverPasswordFile =
      options.serverPasswordFile ?? (await installPasswordFile(back, prepared.name, options.live));
    const passwordFileInstalled = options.serverPasswordFile === undefined && serverPasswordFile !== null;
    const stream = { ...prepared, serverPasswordFile, passwordFileInstalled };
    await createSubscription(back, stream, options.live);
    return stream;
  });
}

/** Only before the subscription is there: noted from later on, the changes would be too few. */
async function noteFromTheFirst(
  back: Client,
  { subscription, tables }: ReplicationStream,
  noted: readonly string[],
): Promise<void> {
  const carried = new Set(tables.map(({ table }) => table));
  const wanted = noted.map(canonicalTableName).filter((table) => carried.has(table));
  const { rowCount } = await back.query(
    'SELECT FROM pg_subscription WHERE subname = $1 AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())',
    [subscription],
  );
  if (rowCount === 0 && wanted.length > 0) await noteAppliedChanges(back, wanted);
}

async function findingsOrRefusal(
  live: Client,
  back: Client,
  tables: readonly string[],
  slot: string,
): Promise<readonly ReplicationFinding[]> {
  // Armed before and interrupted: what it needs it has.
  if ((await slotHealth(live, slot)).exists) return [];
  const findings = await replicationPreflight({ publisher: live, subscriber: back, tables });
  refuseFindings(findings, 'nothing in the way of the reverse stream');
  return findings;
}

/** Whether the reverse stream is there, from both catalogues: for a resume that does not know. */
export async function inspectReverse(
  addresses: { readonly live: DatabaseAddress; readonly return: DatabaseAddress },
  stream: Pick<ReplicationStream, 'slot' | 'subscription'>,
): Promise<StreamHealth> {
  return withClient(addresses.live, { applicationName: APPLICATION }, (publisher) =>
    withClient(addresses.return, { applicationName: APPLICATION }, (subscriber) =>
      streamHealth({ publisher, subscriber }, stream),
    ),
  );
}

/**
 * Opens the sessions for `drainReverse`, and drains once beforehand, so that what is left to do behind the fence is
 * little. Called before the fence, which must spare `sparePids`.
 *
 * @throws Failed `drain-timed-out`, `stream-broken` when the stream does not run: nothing was closed then.
 * @example
 * const sessions = await openReverse({ live, return: back }, stream, { timeoutMs: 10_000 });
 * await closeDatabase(admin, live.database, { timeoutMs: 10_000, spare: sessions.sparePids });
 * await drainReverse(sessions, stream, { timeoutMs: 10_000 });
 */
export async function openReverse(
  addresses: { readonly live: DatabaseAddress; readonly return: DatabaseAddress },
  stream: ReplicationStream,
  options: { readonly timeoutMs: number; readonly workers?: number | undefined },
): Promise<StreamSessions> {
  return openStreamSessions({ publisher: addresses.live, subscriber: addresses.return }, stream, options);
}

export interface DrainReverseOptions {
  readonly timeoutMs: number;
  /** Values that each sequence is moved on by, beyond the live one. Default 100. */
  readonly sequenceMargin?: number | undefined;
  /**
   * The runbook's reverse mapping: SQL run in the return database, in one transaction with foreign keys checked, after
   * the drain; repeated when the rollback is, so written to be repeatable. It gives rows that the old schema cannot hold a place there, such as a product for an SKU that was
   * born after the switch.
   */
  readonly mapping?: readonly string[] | undefined;
  /**
   * False: rows were compared by `compareAtOnePoint` just before the fence; those that came since are trusted to the
   * stream. Comparing takes seconds for millions of rows, and customers wait. Default true.
   */
  readonly compareRows?: boolean | undefined;
  /** False: foreign keys were joined there as well, and the mapping covers what came since. Default true. */
  readonly joinKeys?: boolean | undefined;
}

export interface DrainedReverse {
  readonly drained: Drained;
  /** Of the replicated columns on the live side, equal on the return side; empty where rows were not compared. */
  readonly fingerprints: TableFingerprints;
  readonly sequences: readonly CarriedSequence[];
  /** Rows that each statement of the mapping touched. */
  readonly mapped: readonly number[];
  /** Foreign keys of protected tables that do not hold in the return database. Empty, or the caller decides. */
  readonly broken: readonly BrokenKey[];
}

/**
 * Behind the fence: the last changes are applied, both sides are compared, sequences carried, the mapping run and
 * foreign keys checked by rows. Can be repeated.
 *
 * @throws Failed `drain-timed-out`, `reverse-differs`, `reverse-mapping-failed`.
 */
export async function drainReverse(
  sessions: StreamSessions,
  stream: ReplicationStream,
  options: DrainReverseOptions,
): Promise<DrainedReverse> {
  const { publisher, subscriber } = sessionPair(sessions);
  const drained = await drainTo({ publisher, subscriber }, stream, options);
  const { differing, fingerprints } =
    options.compareRows === false
      ? { differing: [], fingerprints: {} }
      : await compareSides(sessions.publishers, sessions.subscribers, stream.tables);
  if (differing.length > 0) {
    throw new Failed({
      code: 'reverse-differs',
      seen: `the return database differs from the live one in: ${differing.join(', ')}`,
      expected: 'every row that customers wrote in both',
      next: 'nothing was switched; name the rows with `roundtrip compare` before deciding',
      fields: { tables: differing },
    });
  }
  const sequences = await carrySequences({ from: publisher, to: subscriber, margin: options.sequenceMargin });
  const mapped = await applyMapping(subscriber, options.mapping ?? []);
  const tables = stream.tables.map(({ table }) => table);
  const broken = options.joinKeys === false ? [] : await foreignKeyAntiJoins(subscriber, { tables });
  return { drained, fingerprints, sequences, mapped, broken };
}

/**
 * Runs the reverse mapping in one transaction with foreign keys checked. It may run again: it says what is missing, not what to do.
 *
 * @throws Failed `reverse-mapping-failed`; it left no trace then, unless the session was lost with its COMMIT.
 */
export async function applyMapping(back: Client, statements: readonly string[]): Promise<number[]> {
  if (statements.length === 0) return [];
  const counts: number[] = [];
  await back.query('BEGIN');
  try {
    // The comparison pinned the path; the runbook's statements are written for the database's own.
    await back.query('RESET search_path');
    for (const statement of statements) counts.push((await back.query(statement)).rowCount ?? 0);
    await back.query('COMMIT');
    return counts;
  } catch (cause) {
    await rollBack(back);
    const committing = counts.length === statements.length;
    const where = committing ? 'COMMIT' : `statement ${counts.length + 1}`;
    throw new Failed({
      code: 'reverse-mapping-failed',
      seen: `${where} of the reverse mapping: ${(cause as Error).message}`,
      expected: 'all of them to run',
      next: committing
        ? 'nothing was switched; correct what is named, or repeat where the session was lost: a mapping may run again'
        : 'nothing was switched and the mapping left no trace; correct it, then repeat',
      cause,
    });
  }
}

/**
 * Ends the reverse stream and leaves nothing of it: subscription, slot, publication, notes, marker, password file. Before a
 * rename (walsender and worker are sessions), and when the watch is over: a slot that is forgotten fills the disk.
 * `live` may be left out when that side is gone for good; its slot then goes with its cluster, or by hand.
 *
 * @throws Failed `subscription-stays`, `slot-stays`.
 */
export async function disarmReverse(
  sessions: { readonly live?: Client | undefined; readonly return: Client },
  stream: ReplicationStream,
  options: { readonly timeoutMs: number },
): Promise<{ readonly disarmedMs: number }> {
  const startedMs = performance.now();
  await withoutEventTriggers(sessions.return, async () => {
    await detach(sessions.return, stream, { publisher: sessions.live, timeoutMs: options.timeoutMs });
    await dropAppliedChanges(sessions.return);
    await dropMarkerTable(sessions.return);
  });
  if (stream.passwordFileInstalled) await removePasswordFile(sessions.return, stream.name);
  if (sessions.live !== undefined) {
    await dropPublication(sessions.live, stream.publication);
    await dropMarkerTable(sessions.live);
  }
  return { disarmedMs: Math.round(performance.now() - startedMs) };
}
