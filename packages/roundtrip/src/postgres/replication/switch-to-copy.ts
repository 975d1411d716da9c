import { Failed, Refused } from '../../errors.ts';
import { type Client, type DatabaseAddress, withClient } from '../connection.ts';
import type { DatabaseDescription } from '../describe.ts';
import { closeDatabase, openDatabase } from '../fence.ts';
import { switchNames } from '../switch.ts';
import { foreignKeyAntiJoins } from './anti-join.ts';
import type { CopyBegun, CopySite } from './begin-copy.ts';
import { type CarriedSequence, carrySequences } from './carry-sequences.ts';
import { columnsInCommon } from './columns-in-common.ts';
import { type ComparedAtOnePoint, compareAtOnePoint } from './compare-at-one-point.ts';
import { compareSides } from './compare-sides.ts';
import { type Drained, drainTo } from './drain.ts';
import { createPublication, dropPublication } from './publication.ts';
import { connectReverse } from './reverse.ts';
import { schemaDrift } from './schema-drift.ts';
import { removePasswordFile } from './server-password-file.ts';
import { openStreamSessions, type StreamSessions, sessionPair } from './sessions.ts';
import { createSlot } from './slot.ts';
import { type ReplicationStream, streamNames } from './stream.ts';
import { detach, pauseSubscription, resumeSubscription } from './subscription.ts';

export interface SwitchToCopyOptions extends CopySite {
  readonly begun: CopyBegun;
  /** Name that the present live database gets: it becomes the return database. */
  readonly returnDatabase: string;
  /** Name of the reverse stream. */
  readonly reverseName: string;
  readonly serverPasswordFile?: string | undefined;
  readonly sequenceMargin?: number | undefined;
  /** The source as it was when the copy was made (its backup's manifest): DDL since then refuses the switch. */
  readonly described?: DatabaseDescription | undefined;
  /**
   * Compare rows and foreign keys once more behind the fence: complete, and seconds long for millions of rows. Without
   * it, rows that come after the comparison are trusted to the stream.
   */
  readonly compareBehindFence?: boolean | undefined;
  /** How long writers may wait in all. Past it, before the names are exchanged, the old database serves again. */
  readonly fenceTimeoutMs: number;
  readonly timeoutMs: number;
  /**
   * Called between the effects. With `fenced` comes the reverse stream, which `finishSwitch` needs after a crash; the
   * marks after that are those of `switchNames`.
   */
  readonly journal: (mark: string, reverse?: ReplicationStream) => Promise<void>;
}

export interface SwitchedToCopy {
  readonly compared: ComparedAtOnePoint;
  readonly drained: Drained;
  readonly sequences: readonly CarriedSequence[];
  readonly reverse: ReplicationStream;
  /** From the closed door to the open one. */
  readonly gapMs: number;
  /** Parts of the gap, in milliseconds. */
  readonly phases: Readonly<
    Record<'close' | 'drain' | 'sequences' | 'compare' | 'pause' | 'exchange', number>
  >;
}

const APPLICATION = 'roundtrip switch';

/**
 * Moves clients from a database to its copy, with the way back open from the first write: compared at one point while
 * customers write; fenced, drained, sequences carried; the beginning of the reverse stream noted; names exchanged; opened.
 * What can be done before or after the fence is not done behind it.
 *
 * Any failure before the names are exchanged opens the old database again and lets the forward stream go on. After
 * that, and after the death of this process, `resumeSwitch` settles it.
 *
 * @throws Refused `schema-drifted`; Failed `sides-differ`, `drain-timed-out`, `fence-not-closed`, `rename-failed`.
 */
export async function switchToCopy(options: SwitchToCopyOptions): Promise<SwitchedToCopy> {
  const { source, admin, copyDatabase, begun, journal } = options;
  const copy = { ...admin, database: copyDatabase };
  await refuseDrift(options);
  const sessions = await openStreamSessions({ publisher: source, subscriber: copy }, begun.stream, options);
  return withClient(admin, { applicationName: APPLICATION }, async (client) => {
    try {
      const fenced = await behindFence(client, sessions, options);
      const startedMs = performance.now();
      // The exchange ends our sessions like all others: waiting for them here would be the customers' time.
      await switchNames(client, {
        liveName: source.database,
        liveOid: begun.sourceOid,
        nextOid: begun.copyOid,
        retiredName: options.returnDatabase,
        timeoutMs: options.timeoutMs,
        journal,
      });
      const openedMs = performance.now();
      const reverse = await finishSwitch(client, options, fenced.reverse);
      const { closedAtMs, phases, ...rest } = fenced;
      const gapMs = openedMs - closedAtMs;
      return { ...rest, reverse, gapMs, phases: { ...phases, exchange: openedMs - startedMs } };
    } finally {
      await sessions.end();
    }
  });
}

async function refuseDrift({ source, described }: SwitchToCopyOptions): Promise<void> {
  const drift = described === undefined ? [] : await schemaDrift(source, described);
  if (drift.length === 0) return;
  throw new Refused({
    code: 'schema-drifted',
    seen: `the schema of ${source.database} was changed since the copy was made: ${drift.slice(0, 5).join('; ')}`,
    expected: 'no DDL while a copy is kept in step: it is not replicated',
    next: 'make the copy anew',
    fields: { drift },
  });
}

type Fenced = Omit<SwitchedToCopy, 'gapMs' | 'phases'> & {
  readonly closedAtMs: number;
  readonly phases: Omit<SwitchedToCopy['phases'], 'exchange'>;
};

async function behindFence(
  client: Client,
  sessions: StreamSessions,
  options: SwitchToCopyOptions,
): Promise<Fenced> {
  const { source, begun, fenceTimeoutMs } = options;
  const { publisher, subscriber } = sessionPair(sessions);
  const compared = await compareAtOnePoint(sessions, begun.stream, { lockTimeoutMs: fenceTimeoutMs });
  if (compared.differing.length > 0 || compared.broken.length > 0) throw differs(compared);
  const prepared = await prepareReverseSlot(sessions, options);
  // Leaves little to do behind the fence: the changes of the comparison's seconds.
  await drainTo({ publisher, subscriber }, begun.stream, { timeoutMs: options.timeoutMs });
  await advanceSlot(subscriber, prepared.slot);
  await options.journal('fencing');
  const closedAtMs = performance.now();
  const left = (): number => Math.max(1, fenceTimeoutMs - (performance.now() - closedAtMs));
  const phases: Record<string, number> = {};
  const timed = async <T>(phase: string, work: () => Promise<T>): Promise<T> => {
    const startedMs = performance.now();
    const result = await work();
    phases[phase] = performance.now() - startedMs;
    return result;
  };
  try {
    await timed('close', () =>
      closeDatabase(client, source.database, { timeoutMs: left(), spare: sessions.sparePids }),
    );
    const drained = await timed('drain', () =>
      drainTo({ publisher, subscriber }, begun.stream, { timeoutMs: left() }),
    );
    const sequences = await timed('sequences', () =>
      carrySequences({ from: publisher, to: subscriber, margin: options.sequenceMargin }),
    );
    await timed('compare', () => compareFenced(sessions, options));
    await timed('pause', () =>
      pauseSubscription(subscriber, begun.stream.subscription, { timeoutMs: left() }),
    );
    if (performance.now() - closedAtMs > fenceTimeoutMs) throw tooLong(fenceTimeoutMs);
    // Whatever is committed on the copy until now came from the other side; the first customer's write comes after.
    const reverse = { ...prepared, startLsn: await currentLsn(subscriber) };
    await options.journal('fenced', reverse);
    return { compared, drained, sequences, reverse, closedAtMs, phases: phases as Fenced['phases'] };
  } catch (error) {
    await openDatabase(client, source.database);
    await resumeSubscription(subscriber, begun.stream.subscription);
    throw error;
  }
}

async function compareFenced(sessions: StreamSessions, options: SwitchToCopyOptions): Promise<void> {
  if (options.compareBehindFence !== true) return;
  const { tables } = options.begun.stream;
  const { differing } = await compareSides(sessions.publishers, sessions.subscribers, tables);
  const broken = await foreignKeyAntiJoins(sessionPair(sessions).subscriber, {
    tables: tables.map(({ table }) => table),
  });
  if (differing.length > 0 || broken.length > 0) throw differs({ differing, broken });
}

/**
 * Publication and slot on the copy, made before the fence, since making a slot waits for other transactions of the
 * cluster. What the forward stream applies until the fence is in it too, and skipped by `startLsn`.
 */
async function prepareReverseSlot(
  sessions: StreamSessions,
  options: SwitchToCopyOptions,
): Promise<ReplicationStream> {
  const { publisher: source, subscriber: copy } = sessionPair(sessions);
  const name = options.reverseName;
  const names = streamNames(name);
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

async function currentLsn(copy: Client): Promise<string> {
  const { rows } = await copy.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn');
  return rows[0]?.lsn ?? '0/0';
}

/**
 * What follows the exchange while clients are served: the old database, now the return database, is opened to us and
 * subscribes to the new one under its live name; the forward stream is removed. Can be repeated.
 */
export async function finishSwitch(
  client: Client,
  options: SwitchToCopyOptions,
  reverse: ReplicationStream,
): Promise<ReplicationStream> {
  const { source, admin, begun, returnDatabase, timeoutMs } = options;
  const live: DatabaseAddress = source;
  const back: DatabaseAddress = { ...source, database: returnDatabase };
  await withClient({ ...admin, database: live.database }, { applicationName: APPLICATION }, async (copy) => {
    await detach(copy, begun.stream, { publisher: client, timeoutMs });
    if (begun.stream.passwordFileInstalled) await removePasswordFile(copy, begun.stream.name);
  });
  await openDatabase(client, returnDatabase);
  return withClient(back, { applicationName: APPLICATION }, async (returned) => {
    await dropPublication(returned, begun.stream.publication);
    const stream = await connectReverse(returned, reverse, {
      live,
      serverPasswordFile: options.serverPasswordFile,
    });
    await withClient(live, { applicationName: APPLICATION }, (publisher) =>
      drainTo({ publisher, subscriber: returned }, stream, { timeoutMs }),
    );
    return stream;
  });
}

function differs(compared: Pick<ComparedAtOnePoint, 'differing' | 'broken'>): Failed {
  const { differing, broken } = compared;
  return new Failed({
    code: 'sides-differ',
    seen: [
      ...differing.map((table) => `rows of ${table} differ`),
      ...broken.map(({ constraint, table, rows }) => `${constraint}: ${rows} rows of ${table} point nowhere`),
    ].join('; '),
    expected: 'the copy to hold every protected row, with every foreign key',
    next: 'the old database serves; name the rows with `roundtrip compare`, or make the copy anew',
    fields: { differing, broken },
  });
}

function tooLong(fenceTimeoutMs: number): Failed {
  return new Failed({
    code: 'fence-too-long',
    seen: `more than ${fenceTimeoutMs} ms behind the fence`,
    expected: 'an exchange within the limit',
    next: 'the old database serves again; try at a quieter hour',
  });
}
