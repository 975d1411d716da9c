import type { Client } from '../connection.ts';
import { withClient } from '../connection.ts';
import type { DatabaseDescription } from '../describe.ts';
import { refusePrepared } from '../fence.ts';
import { inspectSwitch, requireFreeName, switchNames } from '../switch.ts';
import type { CopyBegun, CopySite } from './begin-copy.ts';
import { behindFence } from './behind-fence.ts';
import type { CarriedSequence } from './carry-sequences.ts';
import type { ComparedAtOnePoint } from './compare-at-one-point.ts';
import type { Drained } from './drain.ts';
import { finishSwitch } from './finish-switch.ts';
import { prepareSwitch } from './prepare-switch.ts';
import { openStreamSessions } from './sessions.ts';
import { exchangeOf, standDown, switchApplication } from './stand-down.ts';
import type { ReplicationStream } from './stream.ts';
import { switchHalfway } from './switch-halfway.ts';

export interface SwitchToCopyOptions extends CopySite {
  readonly begun: CopyBegun;
  /** Name that the present live database gets: it becomes the return database. */
  readonly returnDatabase: string;
  /** Name of the reverse stream. */
  readonly reverseName: string;
  readonly serverPasswordFile?: string | undefined;
  /** Tables of which the return database notes each change that arrives: `countAppliedChanges`. Default none. */
  readonly noted?: readonly string[] | undefined;
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
  /** Called as soon as clients can connect again: whoever holds them lets them go. */
  readonly onOpened?: (() => Promise<void>) | undefined;
  /** Told while the old database cannot be opened again, and how to do that by hand. */
  readonly say?: ((line: string) => void) | undefined;
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
    Record<'close' | 'drain' | 'sequences' | 'schema' | 'compare' | 'pause' | 'exchange', number>
  >;
}

/**
 * Moves clients from a database to its copy, with the way back open from the first write: compared at one point while
 * customers write; fenced, drained, sequences carried; the beginning of the reverse stream noted; names exchanged; opened.
 * What can be done before or after the fence is not done behind it.
 *
 * Any failure until the exchange is complete, a lost session included, opens the old database again and lets the
 * forward stream go on; from then on, and after the death of this process, `resumeSwitch` settles it.
 *
 * @throws Refused `database-exists`, `switch-halfway`, `replication-refused`, `schema-drifted`; Failed `sides-differ`,
 * `prepared-transactions`, `drain-timed-out`, `fence-not-closed`, `fence-too-long`, `rename-failed`: the old database
 * serves. Failed `stand-down-failed`: clients may be turned away until `resumeSwitch`.
 */
export async function switchToCopy(options: SwitchToCopyOptions): Promise<SwitchedToCopy> {
  const { source, admin, copyDatabase, begun, journal } = options;
  const session = { applicationName: switchApplication(options) };
  await withClient(admin, session, (client) => refuseEarly(client, options));
  const copy = { ...admin, database: copyDatabase };
  const sessions = await openStreamSessions({ publisher: source, subscriber: copy }, begun.stream, options);
  const fence = { closing: false };
  try {
    const { closedAtMs, phases, left, ...fenced } = await withClient(admin, session, async (client) => {
      const prepared = await prepareSwitch(sessions, options);
      const behind = await behindFence(client, sessions, { ...options, ...prepared, fence });
      const startedMs = performance.now();
      // The exchange ends our sessions like all others; waiting for their end here would be the customers' time.
      sessions.end().catch(() => undefined);
      await switchNames(client, {
        ...exchangeOf(options),
        timeoutMs: options.timeoutMs,
        retireTimeoutMs: behind.left(),
        onOpened: options.onOpened,
        // The fence was noted before it was closed.
        journal: (mark) => (mark === 'fencing' ? Promise.resolve() : journal(mark)),
      });
      const openedMs = performance.now();
      const gapMs = openedMs - behind.closedAtMs;
      return { ...behind, gapMs, phases: { ...behind.phases, exchange: openedMs - startedMs } };
    });
    fence.closing = false;
    const reverse = await withClient(admin, session, (client) =>
      finishSwitch(client, options, fenced.reverse),
    );
    return { ...fenced, phases, reverse };
  } catch (error) {
    if (fence.closing) await standDown(options, error);
    throw error;
  } finally {
    await sessions.end();
  }
}

/** What would fail behind the fence is looked at before anything is closed. */
async function refuseEarly(client: Client, options: SwitchToCopyOptions): Promise<void> {
  const { source, copyDatabase } = options;
  const position = await inspectSwitch(client, exchangeOf(options));
  if (position !== 'before') throw switchHalfway(source.database, position);
  await requireFreeName(client, exchangeOf(options));
  for (const database of [source.database, copyDatabase]) await refusePrepared(client, database);
}
