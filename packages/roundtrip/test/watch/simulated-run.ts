import { storyMatrix } from '../../src/watch/matrix.ts';
import type { WatchPlan, WatchRun, WatchSample } from '../../src/watch/run-watch.ts';
import type { SourceReader } from '../../src/watch/source-reader.ts';
import type { WatchEvent } from '../../src/watch/watch-event.ts';
import { HOUR_MS, planOf } from './simulate.ts';

/** A watch with a clock of its own: an hour of it takes as long as its samples take to judge. */
export interface SimulatedRun {
  readonly run: WatchRun;
  readonly samples: WatchSample[];
  readonly notes: string[];
  readonly events: WatchEvent[];
  /** Moves the wall clock, ahead or back. */
  shift(ms: number): void;
}

/**
 * @param sources Real readers, or made ones; the interval of the plan passes between two rounds of them.
 * @param onRound Called before each wait with the number of samples so far, to do what the test is about.
 */
export function simulatedRun(options: {
  readonly changes?: Partial<WatchPlan>;
  readonly sources: readonly SourceReader[];
  readonly onRound?: (round: number, run: SimulatedRun) => void | Promise<void>;
}): SimulatedRun {
  const plan = planOf({ durationMs: HOUR_MS, ...options.changes });
  let nowMs = Date.UTC(2025, 10, 30);
  const samples: WatchSample[] = [];
  const notes: string[] = [];
  const events: WatchEvent[] = [];
  const simulated: SimulatedRun = {
    samples,
    notes,
    events,
    shift: (ms) => {
      nowMs += ms;
    },
    run: {
      plan,
      matrix: storyMatrix(),
      sources: options.sources,
      previousSamples: [],
      append: (sample) => void samples.push(sample),
      now: () => new Date(nowMs),
      signal: new AbortController().signal,
      onNote: (line) => void notes.push(line),
      onEvent: (event) => void events.push(event),
      wait: async () => {
        nowMs += plan.intervalMs;
        await options.onRound?.(samples.length, simulated);
      },
    },
  };
  return simulated;
}

/** A source whose minutes are given. */
export function source(readings: (minute: number) => { requests: number; errors?: number }): SourceReader {
  let minute = 0;
  return {
    name: 'api',
    read: async () => {
      const { requests, errors = 0 } = readings(minute++);
      return { source: 'api', requests, errors };
    },
  };
}
