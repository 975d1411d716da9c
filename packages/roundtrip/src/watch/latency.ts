import { Refused } from '../errors.ts';
import { chanceOfAtLeast, chanceOfAtMost } from './binomial.ts';
import { judgeShare, type ShareVerdict } from './verdict.ts';

/**
 * So many response times in (fromMs, toMs]; `toMs` is null in a bucket without an upper edge. Buckets name both edges,
 * so that samples of sources with different histograms add up without pretending to more precision than they have.
 *
 * ```
 * [[0,1,12],[1,2,3],[2000,null,1]]    16 responses: 12 within 1 ms, 3 within 2 ms, one slower than 2 s
 * ```
 */
export type LatencyCount = readonly [fromMs: number, toMs: number | null, count: number];

/** Eight buckets a doubling: a bound is at most 9 % away from the response time it stands for. */
const BUCKETS_PER_DOUBLING = 8;
const LATENCY_MS_MAX = 120_000;

/**
 * Upper edges for response times that are measured one by one, with the limits among them: a response time is then
 * never in the same bucket as a limit it is on the other side of.
 *
 * @example latencyEdges([500, 1000])
 */
export function latencyEdges(limitsMs: readonly number[]): readonly number[] {
  const edges = new Set(limitsMs);
  for (let power = 0; 2 ** (power / BUCKETS_PER_DOUBLING) <= LATENCY_MS_MAX; power++) {
    edges.add(Number((2 ** (power / BUCKETS_PER_DOUBLING)).toFixed(2)));
  }
  return [...edges].sort((a, b) => a - b);
}

/** Counts single response times by edges from `latencyEdges`. */
export function countLatencies(
  valuesMs: readonly number[],
  edgesMs: readonly number[],
): readonly LatencyCount[] {
  const counts = new Map<number, number>();
  for (const value of valuesMs) {
    const at = edgesMs.findIndex((edge) => value <= edge);
    const bucket = at === -1 ? edgesMs.length : at;
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([bucket, count]) => [edgesMs[bucket - 1] ?? 0, edgesMs[bucket] ?? null, count]);
}

/** Adds two lists of buckets. */
export function addLatencies(
  a: readonly LatencyCount[],
  b: readonly LatencyCount[],
): readonly LatencyCount[] {
  if (a.length === 0) return b;
  const sums = new Map<string, LatencyCount>();
  for (const [from, to, count] of [...a, ...b]) {
    const key = `${from}:${to}`;
    sums.set(key, [from, to, (sums.get(key)?.[2] ?? 0) + count]);
  }
  return [...sums.values()].sort(([a], [b]) => a - b);
}

/** How many responses certainly, and how many possibly, took longer than the limit. */
export function countOver(
  counts: readonly LatencyCount[],
  limitMs: number,
): { readonly certain: number; readonly possible: number; readonly total: number } {
  let certain = 0;
  let possible = 0;
  let total = 0;
  for (const [from, to, count] of counts) {
    total += count;
    if (from >= limitMs) certain += count;
    if (to === null || to > limitMs) possible += count;
  }
  return { certain, possible, total };
}

/**
 * Whether a quantile of the response time is proven below or above a limit. "p95 below 500 ms" is the same as "fewer
 * than 5 % take longer than 500 ms", so the exact bound of a share decides it, whatever the distribution: p95 needs
 * 59 samples, p99 needs 299.
 *
 * @example judgeQuantile({ over: countOver(counts, 500), quantile: 0.95, confidence: 0.95 })
 */
export function judgeQuantile(options: {
  readonly over: { readonly certain: number; readonly possible: number; readonly total: number };
  readonly quantile: number;
  readonly confidence: number;
}): ShareVerdict {
  const { over, quantile, confidence } = options;
  const judged = { requests: over.total, limit: 1 - quantile, confidence };
  if (judgeShare({ ...judged, errors: over.certain }) === 'above') return 'above';
  return judgeShare({ ...judged, errors: over.possible }) === 'below' ? 'below' : 'open';
}

/** Bounds of a quantile; null where there are too few samples for one, or the bucket has no upper edge. */
export interface QuantileBounds {
  readonly lowerMs: number | null;
  readonly upperMs: number | null;
}

/**
 * Distribution-free bounds of a quantile from order statistics (David and Nagaraja, Order Statistics, 7.1): the u-th
 * smallest of n is above it as soon as P(Binomial(n, quantile) ≥ u) is small enough. Buckets count with their lower
 * edge for the lower bound and with their upper edge for the upper one.
 *
 * @example quantileBounds({ counts, quantile: 0.95, confidence: 0.95 }) // { lowerMs: 180, upperMs: 240 }
 */
export function quantileBounds(options: {
  readonly counts: readonly LatencyCount[];
  readonly quantile: number;
  readonly confidence: number;
}): QuantileBounds {
  const { counts, quantile, confidence } = options;
  const trials = counts.reduce((sum, [, , count]) => sum + count, 0);
  const rare = 1 - confidence;
  const upperRank = firstRank(
    trials,
    (rank) => chanceOfAtLeast({ successes: rank, trials, share: quantile }) <= rare,
  );
  const tooHigh = firstRank(
    trials,
    (rank) => chanceOfAtMost({ successes: rank - 1, trials, share: quantile }) > rare,
  );
  return {
    lowerMs: tooHigh <= 1 ? null : valueAtRank(counts, tooHigh - 1, ([from]) => from),
    upperMs: upperRank > trials ? null : valueAtRank(counts, upperRank, ([, to]) => to ?? Infinity),
  };
}

/**
 * Refuses a histogram that cannot show what it is asked: with a top finite bucket at or below the limit, its quantiles
 * end at that edge (`histogram_quantile` returns it for everything slower), and "above the limit" can never come true.
 *
 * @throws Refused `histogram-blind`.
 */
export function requireSeeingHistogram(options: {
  readonly source: string;
  readonly edgesMs: readonly number[];
  readonly limitsMs: readonly number[];
}): void {
  const top = Math.max(...options.edgesMs.filter(Number.isFinite));
  const blind = options.limitsMs.filter((limit) => limit >= top);
  if (blind.length === 0) return;
  throw new Refused({
    code: 'histogram-blind',
    seen: `the histogram of "${options.source}" ends at ${top} ms, and ${blind.join(' ms, ')} ms is a limit`,
    expected: 'a finite bucket above every limit, otherwise a slow shop looks just fast enough',
    next: `add buckets above ${Math.max(...blind)} ms where the shop exports its histogram`,
  });
}

/** The smallest rank from 1 to n for which `holds`, n + 1 when there is none; `holds` stays true once it is. */
function firstRank(n: number, holds: (rank: number) => boolean): number {
  let low = 1;
  let high = n + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function valueAtRank(
  counts: readonly LatencyCount[],
  rank: number,
  edge: (bucket: LatencyCount) => number,
): number | null {
  let left = rank;
  for (const bucket of [...counts].sort((a, b) => edge(a) - edge(b))) {
    left -= bucket[2];
    if (left <= 0) return Number.isFinite(edge(bucket)) ? edge(bucket) : null;
  }
  return null;
}
