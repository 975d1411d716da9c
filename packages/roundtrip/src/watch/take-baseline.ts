import { setTimeout as sleep } from 'node:timers/promises';
import { applySample } from './fold-watch.ts';
import type { MatrixRow } from './matrix.ts';
import type { WatchRun } from './run-watch.ts';
import { type Baseline, settleWatch } from './settled-watch.ts';
import { takeReadings } from './take-sample.ts';
import { watchClock } from './watch-clock.ts';
import type { WatchPlan } from './watch-plan.ts';
import type { WatchSample } from './watch-sample.ts';
import { EMPTY_WATCH } from './watch-state.ts';

/**
 * Measures the same sources before the change, for the watch after it to compare with. Nothing is judged here: a shop
 * that was bad before is a baseline too.
 *
 * @throws Refused `bad-watch`, `histogram-blind`; the signal's reason when interrupted.
 * @example const baseline = await takeBaseline({ plan, matrix, sources, durationMs: 600_000, now, signal });
 */
export async function takeBaseline(
  options: Pick<WatchRun, 'sources' | 'now' | 'signal' | 'wait'> & {
    readonly plan: WatchPlan;
    readonly matrix: readonly MatrixRow[];
    /** Watch time. */
    readonly durationMs: number;
  },
): Promise<Baseline> {
  const { plan, sources, signal, durationMs } = options;
  const speed = plan.speed ?? 1;
  // Without rows or alarms: the state only counts.
  const settled = settleWatch({ plan, matrix: options.matrix });
  const counting = { ...settled, matrix: [], plan: { ...plan, goals: [] } };
  const clock = watchClock({ now: options.now, speed, last: undefined });
  const wait = options.wait ?? ((ms: number) => sleep(ms, undefined, { signal }));
  const busy = new Set<string>();
  let state = EMPTY_WATCH;
  try {
    while ((state.atMs ?? 0) < durationMs) {
      signal.throwIfAborted();
      const roundMs = performance.now();
      const readings = await takeReadings({ settled, state, sources, busy, signal });
      const sample: WatchSample = { ...clock(), readings };
      state = applySample(counting, state, sample);
      await wait(Math.max(0, plan.intervalMs / speed - (performance.now() - roundMs)));
    }
  } finally {
    for (const source of sources) await source.close?.();
  }
  const counted = settled.traffic.map((source) => [
    source,
    {
      requests: state.totals[source]?.requests ?? 0,
      errors: state.totals[source]?.errors ?? 0,
      latency: state.latency[source] ?? [],
    },
  ]);
  return {
    takenAt: options.now().toISOString(),
    sources: Object.fromEntries(counted) as Baseline['sources'],
  };
}
