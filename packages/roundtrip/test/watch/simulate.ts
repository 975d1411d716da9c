import type { MatrixRow } from '../../src/watch/matrix.ts';
import { storyMatrix } from '../../src/watch/matrix.ts';
import { type SettledWatch, settleWatch } from '../../src/watch/settled-watch.ts';
import type { WatchPlan, WatchSource } from '../../src/watch/watch-plan.ts';
import type { SourceReading, WatchSample } from '../../src/watch/watch-sample.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

export const API: WatchSource = { kind: 'http', name: 'api', urls: ['http://127.0.0.1:1/'] };
export const LOG: WatchSource = { kind: 'access-log', name: 'log', file: '/nowhere', format: 'nginx' };
export const COLOURS: WatchSource = {
  kind: 'sql',
  name: 'colours',
  text: 'SELECT 1',
  metric: 'missingColours',
  reads: 'rows',
};
export const HOST: WatchSource = { kind: 'host', name: 'host' };

/** A watch of the story's length and goals, a sample a minute. */
export function planOf(changes: Partial<WatchPlan> = {}): WatchPlan {
  return {
    durationMs: 24 * HOUR_MS,
    intervalMs: MINUTE_MS,
    sources: [API],
    goals: [{ metric: 'errorRate', max: 0.01 }],
    ...changes,
  };
}

export function settled(
  changes: Partial<WatchPlan> = {},
  matrix: readonly MatrixRow[] = storyMatrix(),
): SettledWatch {
  return settleWatch({ plan: planOf(changes), matrix });
}

/** A sample of a simulated minute. */
export function sampleAt(atMs: number, ...readings: readonly SourceReading[]): WatchSample {
  return { atMs, at: new Date(Date.UTC(2025, 10, 30) + atMs).toISOString(), readings };
}

/** One sample a minute over [fromMinute, toMinute], all with what `readings` gives for it. */
export function minutes(
  from: number,
  to: number,
  readings: (minute: number) => readonly SourceReading[],
): WatchSample[] {
  return Array.from({ length: to - from + 1 }, (_, i) =>
    sampleAt((from + i) * MINUTE_MS, ...readings(from + i)),
  );
}

/** A minute of traffic at the API. */
export function traffic(requests: number, errors = 0): readonly SourceReading[] {
  return [{ source: 'api', requests, errors }];
}
