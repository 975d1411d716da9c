import type { JsonObject } from '../json.ts';
import { concludeWatch, isOver, type WatchResult } from './conclude-watch.ts';
import { latencyOf, totalOf } from './judge-goal.ts';
import { type LatencyCount, quantileBounds } from './latency.ts';
import type { SettledWatch } from './settled-watch.ts';
import { standingOf } from './standing.ts';
import type { Tally } from './tally.ts';
import { lowerBound, upperBound } from './verdict.ts';
import type { WatchState } from './watch-state.ts';
import { baselineOf, within } from './what-holds.ts';
import { ALARM_WINDOWS } from './windows.ts';

/** All that can be shown of a watch, while it goes on and after it. Plain data. */
export interface WatchView extends JsonObject {
  readonly ended: boolean;
  /** How it stands so far, which is no verdict: `held`, `open` or `broken`. */
  readonly standing: string;
  readonly standingReason: string;
  readonly durationMs: number;
  readonly speed: number;
  readonly windows: readonly WindowView[];
  readonly sources: readonly SourceView[];
  readonly compared: readonly ComparedView[];
  readonly baselineAt: string | null;
  readonly result: WatchResult;
}

/** One window of the alarms, or the whole watch ("final"), for one pool of sources: counts and exact bounds at 95 %. */
export interface WindowView extends JsonObject {
  readonly window: string;
  readonly windowMs: number;
  readonly sources: string;
  readonly requests: number;
  readonly errors: number;
  readonly least: number;
  readonly most: number;
  /** The share above which the window raises its alarm; null without a goal for errors. */
  readonly limit: number | null;
  readonly asks: string;
  readonly raisedAtMs: number | null;
}

export interface SourceView extends JsonObject {
  readonly source: string;
  readonly kind: string;
  /** `never`: it has not given any data; `stopped`: its traffic is gone. */
  readonly state: string;
  readonly requests: number;
  readonly errors: number;
}

/** What some sources counted before the change and since, with the bounds of p95 in milliseconds. */
export interface ComparedView extends JsonObject {
  readonly sources: string;
  readonly before: Counted;
  readonly now: Counted;
}

export interface Counted extends JsonObject {
  readonly requests: number;
  readonly errors: number;
  readonly p95LowerMs: number | null;
  readonly p95UpperMs: number | null;
}

const CONFIDENCE = 0.95;

/**
 * A watch as it can be shown; pure.
 *
 * @example viewWatch(settled, foldWatch(settled, samples)).result.verdict
 */
export function viewWatch(settled: SettledWatch, state: WatchState): WatchView {
  const { standing, reason } = standingOf(settled, state);
  return {
    ended: isOver(settled, state),
    standing,
    standingReason: reason,
    durationMs: settled.plan.durationMs,
    speed: settled.plan.speed ?? 1,
    windows: settled.pools.flatMap((pool) => windowsOf(settled, state, pool)),
    sources: settled.plan.sources.map(({ name, kind }) => ({
      source: name,
      kind,
      state: state.stopped[name] ? 'stopped' : state.alive[name] ? 'alive' : 'never',
      requests: state.totals[name]?.requests ?? 0,
      errors: state.totals[name]?.errors ?? 0,
    })),
    compared: comparedOf(settled, state),
    baselineAt: settled.baseline?.takenAt ?? null,
    result: concludeWatch(settled, state),
  };
}

function windowsOf(settled: SettledWatch, state: WatchState, pool: readonly string[]): WindowView[] {
  const goal = settled.plan.goals.find(({ metric }) => metric === 'errorRate');
  const row = (window: string, windowMs: number, asks: string, factor: number, tally: Tally): WindowView => ({
    window,
    windowMs,
    sources: pool.join(' + '),
    requests: tally.requests,
    errors: tally.errors,
    least: lowerBound({ ...tally, confidence: CONFIDENCE }),
    most: upperBound({ ...tally, confidence: CONFIDENCE }),
    limit: goal === undefined ? null : Math.min(goal.max * factor, 0.99),
    asks,
    raisedAtMs: state.alarms[`${window} window`] ?? null,
  });
  return [
    ...ALARM_WINDOWS.map(({ name, windowMs, asks, factor }) =>
      row(name, windowMs, asks, factor, within(settled, state, pool, windowMs)),
    ),
    row('final', settled.plan.durationMs, 'verdict', 1, totalOf(settled, state, pool)),
  ];
}

function comparedOf(settled: SettledWatch, state: WatchState): ComparedView[] {
  if (settled.baseline === undefined) return [];
  return settled.pools.map((pool) => ({
    sources: pool.join(' + '),
    before: counted(
      baselineOf(settled, pool),
      pool.flatMap((source) => settled.baseline?.sources[source]?.latency ?? []),
    ),
    now: counted(totalOf(settled, state, pool), latencyOf(state, pool)),
  }));
}

function counted(
  { requests, errors }: { readonly requests: number; readonly errors: number },
  counts: readonly LatencyCount[],
): Counted {
  const { lowerMs, upperMs } = quantileBounds({ counts, quantile: 0.95, confidence: CONFIDENCE });
  return { requests, errors, p95LowerMs: lowerMs, p95UpperMs: upperMs };
}
