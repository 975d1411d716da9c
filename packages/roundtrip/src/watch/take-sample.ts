import { asRoundtripError, Refused } from '../errors.ts';
import type { SettledWatch } from './settled-watch.ts';
import type { SourceReader } from './source-reader.ts';
import { type SourceReading, soundReading } from './watch-sample.ts';
import type { WatchState } from './watch-state.ts';
import { tallyWithin } from './windows.ts';

/** Real time; whatever a source waits for, a round ends. */
const READ_TIMEOUT_MS = 30_000;
const TOP_UP_WINDOW_MS = 600_000;

/**
 * Asks every source once, side by side. A source that throws, or has no answer by the deadline, is missing data.
 *
 * @throws Refused what a source can never answer; the signal's reason when the watch is interrupted.
 */
export async function takeReadings(options: {
  readonly settled: SettledWatch;
  readonly state: WatchState;
  readonly sources: readonly SourceReader[];
  /** Sources that have not answered an earlier round yet: they are not asked twice at a time. */
  readonly busy: Set<string>;
  readonly signal: AbortSignal;
}): Promise<readonly SourceReading[]> {
  const { settled, state, sources, busy, signal } = options;
  const readings = await Promise.all(
    sources.map((source) =>
      readOnce(source, { busy, signal, probes: probesToSend(settled, state, source.name) }),
    ),
  );
  signal.throwIfAborted();
  return readings.map(soundReading);
}

/**
 * How many probes a source sends in this round: its own number, or as many as bring thin traffic up to what the exact
 * bounds need, evenly over ten minutes of watch time.
 */
export function probesToSend(settled: SettledWatch, state: WatchState, name: string): number {
  const source = settled.plan.sources.find((each) => each.name === name);
  if (source?.kind !== 'http') return 0;
  const count = source.count ?? 1;
  if (source.topUpTo === undefined) return count;
  const others = settled.pools.find((pool) => pool.includes(name))?.filter((each) => each !== name) ?? [];
  const real = tallyWithin(state.slots, {
    atMs: state.atMs ?? 0,
    windowMs: TOP_UP_WINDOW_MS,
    sources: others,
    limits: 0,
  }).requests;
  const rounds = TOP_UP_WINDOW_MS / settled.plan.intervalMs;
  return Math.max(count, Math.ceil((source.topUpTo - real) / rounds));
}

async function readOnce(
  source: SourceReader,
  options: { readonly busy: Set<string>; readonly signal: AbortSignal; readonly probes: number },
): Promise<SourceReading> {
  const { busy, signal, probes } = options;
  const missing = (why: string): SourceReading => ({ source: source.name, missing: why });
  if (busy.has(source.name)) return missing('still busy with an earlier sample');
  busy.add(source.name);
  const reading = source.read({ signal, probes }).finally(() => busy.delete(source.name));
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<SourceReading>((resolve) => {
    timer = setTimeout(() => resolve(missing(`no answer within ${READ_TIMEOUT_MS} ms`)), READ_TIMEOUT_MS);
  });
  try {
    return await Promise.race([reading, deadline]);
  } catch (error) {
    if (error instanceof Refused) throw error;
    return missing(asRoundtripError(error).seen);
  } finally {
    clearTimeout(timer);
    // After the deadline nobody waits for this answer any more, and its failure was reported as missing data.
    reading.catch(() => undefined);
  }
}
