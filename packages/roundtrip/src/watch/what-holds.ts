import { formatMs } from '../runbook/duration.ts';
import { judgeQuantile, quantileBounds } from './latency.ts';
import {
  type ErrorRateCondition,
  type GaugeCondition,
  isErrorRate,
  isLatency,
  type LatencyCondition,
} from './matrix.ts';
import type { SettledWatch } from './settled-watch.ts';
import type { Tally } from './tally.ts';
import { judgeShare, lowerBound, percent, upperBound } from './verdict.ts';
import type { WatchState } from './watch-state.ts';
import { tallyWithin } from './windows.ts';

/** Below this, two broken requests in a row would be "an error rate of 100 %". */
export const REQUESTS_MIN = 20;
/** The part of a window, up to now, that must still be above the limit: what is over is not rolled back. */
const CONFIRM_SHARE = 0.1;
/** For comparisons with the baseline; those with limits take the row's own. */
const CONFIDENCE = 0.95;

/** Why a condition holds now. */
export interface Holding {
  readonly text: string;
  /** The baseline does not show that the change made it worse. */
  readonly asBadBefore: boolean;
}

/** Whether a condition holds at the newest sample, and what shows it. */
export function whatHolds(
  settled: SettledWatch,
  state: WatchState,
  condition: ErrorRateCondition | LatencyCondition | GaugeCondition,
): Holding | undefined {
  if (isErrorRate(condition)) return whatFails(settled, state, condition);
  if (isLatency(condition)) return whatIsSlow(settled, state, condition);
  const gauge = state.gauges[condition.metric];
  if (gauge === undefined) return undefined;
  const holds = condition.op === '>' ? gauge.value > condition.value : gauge.value < condition.value;
  if (!holds) return undefined;
  const list = gauge.list.length === 0 ? '' : ` (${gauge.list.join(', ')})`;
  return { text: `${condition.metric} is ${gauge.value}${list}`, asBadBefore: false };
}

function whatFails(
  settled: SettledWatch,
  state: WatchState,
  condition: ErrorRateCondition,
): Holding | undefined {
  const { value, upTo, windowsMs, confidence } = condition;
  for (const windowMs of windowsMs) {
    for (const sources of settled.units) {
      // The short look first: it answers nearly always, and costs a tenth.
      if (newestErrors(state, sources) === 0) continue;
      const confirm = within(settled, state, sources, windowMs * CONFIRM_SHARE);
      if (confirm.errors <= confirm.requests * value) continue;
      const now = within(settled, state, sources, windowMs);
      if (now.requests < REQUESTS_MIN) continue;
      if (judgeShare({ ...now, limit: value, confidence }) !== 'above') continue;
      if (upTo !== undefined && judgeShare({ ...now, limit: upTo, confidence }) === 'above') continue;
      return {
        text: failingText(sources, now, windowMs, confidence),
        asBadBefore: asBadBefore(settled, sources, now),
      };
    }
  }
  return undefined;
}

/** Whatever is still true must still go wrong: one bad sample stays in every window for minutes. */
function newestErrors(state: WatchState, sources: readonly string[]): number {
  const newest = state.slots.at(-1)?.tallies ?? {};
  return sources.reduce((sum, source) => sum + (newest[source]?.errors ?? 0), 0);
}

/** True when the newest sample holds no request, so that it cannot say that anything is over. */
export function isSilentNow(state: WatchState): boolean {
  return Object.values(state.slots.at(-1)?.tallies ?? {}).every(({ requests }) => requests === 0);
}

function failingText(sources: readonly string[], now: Tally, windowMs: number, confidence: number): string {
  const least = lowerBound({ ...now, confidence });
  return `${now.errors} of ${now.requests} requests failed in ${formatMs(windowMs)} (${percent(now.errors / now.requests)}, at least ${percent(least)}; ${sources.join(' + ')})`;
}

/** True when the change is not shown to have made it worse than the baseline. */
function asBadBefore(settled: SettledWatch, sources: readonly string[], now: Tally): boolean {
  if (settled.baseline === undefined) return false;
  const before = baselineOf(settled, sources);
  if (before.requests === 0) return false;
  return lowerBound({ ...now, confidence: CONFIDENCE }) <= upperBound({ ...before, confidence: CONFIDENCE });
}

/** What the baseline counted for some sources together. */
export function baselineOf(
  settled: SettledWatch,
  sources: readonly string[],
): { readonly requests: number; readonly errors: number } {
  const known = sources.flatMap((source) => settled.baseline?.sources[source] ?? []);
  return {
    requests: known.reduce((sum, { requests }) => sum + requests, 0),
    errors: known.reduce((sum, { errors }) => sum + errors, 0),
  };
}

function whatIsSlow(
  settled: SettledWatch,
  state: WatchState,
  condition: LatencyCondition,
): Holding | undefined {
  const { value, quantile, windowsMs, confidence } = condition;
  const limit = settled.limitsMs.indexOf(value);
  for (const windowMs of windowsMs) {
    for (const sources of settled.units) {
      if (!sources.some((source) => state.latency[source] !== undefined)) continue;
      const now = within(settled, state, sources, windowMs);
      const over = {
        certain: now.overCertain[limit] ?? 0,
        possible: now.overPossible[limit] ?? 0,
        total: now.timed,
      };
      if (over.total < REQUESTS_MIN || judgeQuantile({ over, quantile, confidence }) !== 'above') continue;
      const text = `${over.certain} of ${over.total} responses took longer than ${value} ms in ${formatMs(windowMs)} (${sources.join(' + ')})`;
      const before = sources.flatMap((source) => settled.baseline?.sources[source]?.latency ?? []);
      const { upperMs } = quantileBounds({ counts: before, quantile, confidence: CONFIDENCE });
      return { text, asBadBefore: upperMs !== null && upperMs > value };
    }
  }
  return undefined;
}

/** What some sources counted together in a window that ends at the newest sample. */
export function within(
  settled: SettledWatch,
  state: WatchState,
  sources: readonly string[],
  windowMs: number,
): Tally {
  return tallyWithin(state.slots, {
    atMs: state.atMs ?? 0,
    windowMs,
    sources,
    limits: settled.limitsMs.length,
  });
}
