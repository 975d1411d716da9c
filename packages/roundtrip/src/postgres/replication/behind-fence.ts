import { Failed } from '../../errors.ts';
import type { Client } from '../connection.ts';
import { closeDatabase } from '../fence.ts';
import { foreignKeyAntiJoins } from './anti-join.ts';
import { type CarriedSequence, carrySequences } from './carry-sequences.ts';
import { catalogueStamp } from './catalogue-stamp.ts';
import { compareSides } from './compare-sides.ts';
import { type Drained, drainTo } from './drain.ts';
import { endOfWal } from './marker.ts';
import { catalogueSession, type PreparedSwitch, refuseDrift, sidesDiffer } from './prepare-switch.ts';
import { type StreamSessions, sessionPair, sparedBackends } from './sessions.ts';
import type { ReplicationStream } from './stream.ts';
import { pauseSubscription } from './subscription.ts';
import type { SwitchedToCopy, SwitchToCopyOptions } from './switch-to-copy.ts';

/** What came of the time behind the fence, which stays closed. */
export interface Fenced {
  readonly compared: PreparedSwitch['compared'];
  readonly drained: Drained;
  readonly sequences: readonly CarriedSequence[];
  readonly reverse: ReplicationStream;
  readonly closedAtMs: number;
  /** Milliseconds of the fence's limit that are left, at least 1. */
  readonly left: () => number;
  readonly phases: Omit<SwitchedToCopy['phases'], 'exchange'>;
}

/**
 * Closes both databases to clients and makes the copy the source's equal: drained, sequences carried, no DDL since the
 * schema was described. Notes where the reverse stream begins. `fence.closing` tells the caller that something may be
 * closed.
 *
 * @throws Failed `fence-not-closed`, `prepared-transactions`, `drain-timed-out`, `fence-too-long`, `sides-differ`;
 * Refused `schema-drifted`, `sequence-exhausted`. Nothing is opened again here.
 */
export async function behindFence(
  client: Client,
  sessions: StreamSessions,
  options: SwitchToCopyOptions & PreparedSwitch & { readonly fence: { closing: boolean } },
): Promise<Fenced> {
  const { source, copyDatabase, begun, compared, prepared, fenceTimeoutMs } = options;
  const { publisher, subscriber } = sessionPair(sessions);
  const spared = await sparedBackends(sessions, begun.stream);
  await options.journal('fencing');
  options.fence.closing = true;
  // The copy first: nobody is served by it, and what holds it is found before customers wait.
  await closeDatabase(client, copyDatabase, { timeoutMs: fenceTimeoutMs, spare: spared.subscribers });
  const closedAtMs = performance.now();
  const left = (): number => Math.max(1, fenceTimeoutMs - (performance.now() - closedAtMs));
  const phases: Record<string, number> = {};
  const timed = async <T>(phase: string, work: () => Promise<T>): Promise<T> => {
    const startedMs = performance.now();
    const result = await work();
    phases[phase] = performance.now() - startedMs;
    return result;
  };
  await timed('close', () =>
    closeDatabase(client, source.database, { timeoutMs: left(), spare: spared.publishers }),
  );
  // On sessions of their own: neither needs what the other does, and customers wait.
  const [drained, sequences] = await bothOrFirstFailure(
    timed('drain', () => drainTo({ publisher, subscriber }, begun.stream, { timeoutMs: left() })),
    whileDraining(sessions, options, timed),
  );
  await timed('compare', () => compareFenced(sessions, options));
  await timed('pause', () => pauseSubscription(subscriber, begun.stream.subscription, { timeoutMs: left() }));
  refuseLate(closedAtMs, fenceTimeoutMs);
  // Whatever is committed on the copy until now came from the other side; the first customer's write comes after.
  const reverse = { ...prepared, startLsn: await endOfWal(subscriber) };
  await options.journal('fenced', reverse);
  refuseLate(closedAtMs, fenceTimeoutMs);
  return { compared, drained, sequences, reverse, closedAtMs, left, phases: phases as Fenced['phases'] };
}

/** Nothing of this changes while the last rows arrive: no client is left that could draw a number or issue DDL. */
async function whileDraining(
  sessions: StreamSessions,
  options: SwitchToCopyOptions & PreparedSwitch,
  timed: <T>(phase: string, work: () => Promise<T>) => Promise<T>,
): Promise<CarriedSequence[]> {
  const from = catalogueSession(sessions);
  const to = sessions.subscribers[1] ?? sessionPair(sessions).subscriber;
  const sequences = await timed('sequences', () =>
    carrySequences({ from, to, margin: options.sequenceMargin }),
  );
  await timed('schema', async () => {
    if ((await catalogueStamp(from)) === options.stamp) return;
    await refuseDrift(from, options.source.database, options.described);
  });
  return sequences;
}

/** Waits for both even when one fails: a statement that still runs would meet the opened database. */
async function bothOrFirstFailure<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

async function compareFenced(sessions: StreamSessions, options: SwitchToCopyOptions): Promise<void> {
  if (options.compareBehindFence !== true) return;
  const { tables } = options.begun.stream;
  const { differing } = await compareSides(sessions.publishers, sessions.subscribers, tables);
  const broken = await foreignKeyAntiJoins(sessionPair(sessions).subscriber, {
    tables: tables.map(({ table }) => table),
  });
  if (differing.length > 0 || broken.length > 0) throw sidesDiffer({ differing, broken });
}

function refuseLate(closedAtMs: number, fenceTimeoutMs: number): void {
  if (performance.now() - closedAtMs <= fenceTimeoutMs) return;
  throw new Failed({
    code: 'fence-too-long',
    seen: `more than ${fenceTimeoutMs} ms behind the fence`,
    expected: 'an exchange within the limit',
    next: 'the old database serves again; try at a quieter hour',
  });
}
