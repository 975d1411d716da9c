import type { JsonObject } from '../json.ts';
import { addLatencies, countOver, judgeQuantile, quantileBounds } from './latency.ts';
import type { SettledWatch } from './settled-watch.ts';
import { addTallies, emptyTally, type Tally } from './tally.ts';
import { judgeShare, lowerBound, percent, requestsNeeded, upperBound } from './verdict.ts';
import type { WatchGoal } from './watch-plan.ts';
import type { WatchState } from './watch-state.ts';

/** One goal at the end: `open` when the samples show neither. */
export interface GoalResult extends JsonObject {
  readonly goal: string;
  readonly result: 'held' | 'broken' | 'open' | 'alerted';
  readonly seen: string;
}

const CONFIDENCE = 0.95;

/** What the whole watch shows of one goal, with the counts and the bounds it rests on. */
export function judgeGoal(settled: SettledWatch, state: WatchState, goal: WatchGoal): GoalResult {
  switch (goal.metric) {
    case 'errorRate':
      return worst(
        `error rate < ${percent(goal.max)}`,
        settled.pools.map((pool) => errorGoal(totalOf(settled, state, pool), pool, goal)),
      );
    case 'latencyMs': {
      const timed = settled.pools.filter((pool) => totalOf(settled, state, pool).timed > 0);
      return worst(
        `p${goal.quantile * 100} < ${goal.max} ms`,
        timed.map((pool) => latencyGoal(latencyOf(state, pool), pool, goal)),
      );
    }
    default: {
      const gauge = state.gauges[goal.metric];
      const name = `${goal.metric} < ${percent(goal.max)}`;
      if (gauge === undefined) return { goal: name, result: 'open', seen: 'it was never measured' };
      const alerts = state.notes.filter(({ text }) =>
        text.startsWith(`${goal.metric}: ${goal.metric} at`),
      ).length;
      return {
        goal: name,
        result: alerts === 0 ? 'held' : 'alerted',
        seen: alerts === 0 ? 'never above' : `above it ${alerts} time${alerts === 1 ? '' : 's'}`,
      };
    }
  }
}

/** Whether a pool that gives requests has given fewer than a goal takes even if all of them are good. */
export function lacksRequests(settled: SettledWatch, state: WatchState): boolean {
  return settled.plan.goals.some((goal) => {
    if (goal.metric !== 'errorRate' && goal.metric !== 'latencyMs') return false;
    const limit = goal.metric === 'errorRate' ? goal.max : 1 - goal.quantile;
    const needed = requestsNeeded({ limit, confidence: goal.confidence ?? CONFIDENCE });
    return settled.pools.some((pool) => {
      const { requests, timed } = totalOf(settled, state, pool);
      const count = goal.metric === 'errorRate' ? requests : timed;
      return count > 0 && count < needed;
    });
  });
}

type Judged = Pick<GoalResult, 'result' | 'seen'>;

/** A goal holds when it holds in every pool; it is broken when it is broken in one. */
function worst(goal: string, judged: readonly Judged[]): GoalResult {
  const rank = ['broken', 'open', 'held'] as const;
  const result = rank.find((each) => judged.some((one) => one.result === each)) ?? 'open';
  const seen = judged.filter((one) => one.result === result).map((one) => one.seen);
  return { goal, result, seen: seen.join('; ') || 'no data' };
}

function errorGoal(
  { requests, errors }: Tally,
  pool: readonly string[],
  goal: { readonly max: number; readonly confidence?: number | undefined },
): Judged {
  const confidence = goal.confidence ?? CONFIDENCE;
  const name = pool.join(' + ');
  if (requests === 0) return { result: 'open', seen: `no request (${name})` };
  const least = lowerBound({ requests, errors, confidence });
  const most = upperBound({ requests, errors, confidence });
  const seen = `${errors} of ${requests} requests failed, between ${percent(least)} and ${percent(most)} (${name})`;
  const verdict = judgeShare({ requests, errors, limit: goal.max, confidence });
  if (verdict !== 'open') return { result: verdict === 'below' ? 'held' : 'broken', seen };
  const needed = requestsNeeded({ limit: goal.max, confidence });
  return { result: 'open', seen: requests < needed ? `${seen}; it takes ${needed} without an error` : seen };
}

function latencyGoal(
  counts: WatchState['latency'][string],
  pool: readonly string[],
  goal: { readonly quantile: number; readonly max: number; readonly confidence?: number | undefined },
): Judged {
  const { quantile, confidence = CONFIDENCE } = goal;
  const over = countOver(counts, goal.max);
  const { lowerMs, upperMs } = quantileBounds({ counts, quantile, confidence });
  const bounds = `between ${lowerMs ?? '?'} and ${upperMs ?? '?'} ms`;
  const seen = `${over.certain} of ${over.total} responses were slower, p${quantile * 100} is ${bounds} (${pool.join(' + ')})`;
  const verdict = judgeQuantile({ over, quantile, confidence });
  if (verdict !== 'open') return { result: verdict === 'below' ? 'held' : 'broken', seen };
  const needed = requestsNeeded({ limit: 1 - quantile, confidence });
  return { result: 'open', seen: over.total < needed ? `${seen}; it takes ${needed} samples` : seen };
}

/** What some sources counted together over the whole watch. */
export function totalOf(settled: SettledWatch, state: WatchState, pool: readonly string[]): Tally {
  const empty = emptyTally(settled.limitsMs.length);
  return pool.reduce((sum, source) => addTallies(sum, state.totals[source] ?? empty), empty);
}

/** Response times of some sources together over the whole watch. */
export function latencyOf(state: WatchState, pool: readonly string[]): WatchState['latency'][string] {
  return pool.reduce<WatchState['latency'][string]>(
    (sum, source) => addLatencies(sum, state.latency[source] ?? []),
    [],
  );
}
