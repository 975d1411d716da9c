import { countOver, type LatencyCount } from './latency.ts';
import type { SourceReading } from './watch-sample.ts';

/** What was counted of some requests: enough for every limit of the watch, small enough to keep for six hours. */
export interface Tally {
  readonly requests: number;
  readonly errors: number;
  /** Responses whose time is known. */
  readonly timed: number;
  /** For each latency limit of the watch, in its order: responses that certainly, and possibly, took longer. */
  readonly overCertain: readonly number[];
  readonly overPossible: readonly number[];
}

/** Nothing counted yet, for a watch with so many latency limits. */
export function emptyTally(limits: number): Tally {
  const zeros = new Array<number>(limits).fill(0);
  return { requests: 0, errors: 0, timed: 0, overCertain: zeros, overPossible: zeros };
}

/** What a reading adds; a missing one adds nothing. */
export function tallyOf(reading: SourceReading, limitsMs: readonly number[]): Tally {
  if ('missing' in reading) return emptyTally(limitsMs.length);
  const latency: readonly LatencyCount[] = reading.latency ?? [];
  const over = limitsMs.map((limit) => countOver(latency, limit));
  return {
    requests: reading.requests ?? 0,
    errors: reading.errors ?? 0,
    timed: latency.reduce((sum, [, , count]) => sum + count, 0),
    overCertain: over.map(({ certain }) => certain),
    overPossible: over.map(({ possible }) => possible),
  };
}

/** The sum of two tallies with the same limits. */
export function addTallies(a: Tally, b: Tally): Tally {
  return {
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    timed: a.timed + b.timed,
    overCertain: a.overCertain.map((count, i) => count + (b.overCertain[i] ?? 0)),
    overPossible: a.overPossible.map((count, i) => count + (b.overPossible[i] ?? 0)),
  };
}

/** The sums by source; a source may be in one of the two only. */
export function mergeTallies(
  a: Readonly<Record<string, Tally>>,
  b: Readonly<Record<string, Tally>>,
): Readonly<Record<string, Tally>> {
  const merged: Record<string, Tally> = { ...a };
  for (const [source, tally] of Object.entries(b)) {
    const known = merged[source];
    merged[source] = known === undefined ? tally : addTallies(known, tally);
  }
  return merged;
}
