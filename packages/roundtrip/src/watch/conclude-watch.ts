import type { JsonObject } from '../json.ts';
import { formatMs } from '../runbook/duration.ts';
import { type GoalResult, judgeGoal, lacksRequests, latencyOf, totalOf } from './judge-goal.ts';
import { quantileBounds } from './latency.ts';
import { describeCondition } from './matrix.ts';
import type { SettledWatch } from './settled-watch.ts';
import { lowerBound, percent, upperBound } from './verdict.ts';
import type { Gap, WatchNote, WatchState } from './watch-state.ts';
import { baselineOf } from './what-holds.ts';

/** How a watch ended, with everything that a report or a person needs to follow it. Plain data. */
export interface WatchResult extends JsonObject {
  /** Pass only when every goal is shown to hold; fail only when something is shown to be broken. */
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  readonly reason: string;
  /** What the matrix answers: `yes` rolls back, `maybe` asks `decides`. */
  readonly rollback: 'yes' | 'maybe' | 'no';
  readonly decides: string | null;
  readonly action: string | null;
  readonly samples: number;
  readonly requests: number;
  readonly errors: number;
  readonly coveredMs: number;
  readonly elapsedMs: number;
  readonly lostMs: number;
  readonly gaps: readonly (Gap & JsonObject)[];
  readonly goals: readonly GoalResult[];
  readonly rows: readonly RowResult[];
  readonly notes: readonly (WatchNote & JsonObject)[];
}

/** One row of the matrix at the end; `held` says whether it ever did. */
export interface RowResult extends JsonObject {
  readonly id: string;
  readonly condition: string;
  readonly severity: string;
  readonly rollback: string;
  readonly action: string;
  readonly owner: string;
  readonly held: boolean;
  /** Held in the newest sample that could tell. */
  readonly holds: boolean;
  readonly firstMs: number | null;
  /** For MAYBE: when its owner must decide, in watch time; null while no timer runs. */
  readonly dueMs: number | null;
  readonly seen: string | null;
}

const CONFIDENCE = 0.95;
/** Proven worse than twice the baseline is a regression, even below the absolute limit. */
const BASELINE_FACTOR = 2;
/** Nobody notices a p95 below this; what it was before the change then says more about the machine than about the release. */
const NOTICEABLE_MS = 100;

/**
 * Whether the watch is over: decided by the matrix; covered for its whole time, with as many requests as its goals take
 * at least; or extended as far as it may be. How many that is was fixed before the first sample: going on until the
 * verdict is a good one would make its confidence a lie.
 */
export function isOver(settled: SettledWatch, state: WatchState): boolean {
  const { durationMs } = settled.plan;
  if (state.decision !== undefined) return true;
  if (state.coveredMs >= durationMs && !lacksRequests(settled, state)) return true;
  return (state.atMs ?? 0) >= durationMs + settled.extensionMsMax;
}

/**
 * The verdict over a state. What is not shown is inconclusive, never a pass: no data, gaps beyond the extension,
 * too few requests, an open timer, a regression against the baseline.
 *
 * @example concludeWatch(settled, foldWatch(settled, samples)).verdict
 */
export function concludeWatch(settled: SettledWatch, state: WatchState): WatchResult {
  const goals = settled.plan.goals.map((goal) => judgeGoal(settled, state, goal));
  const end = endOf(settled, state, goals);
  const totals = Object.values(state.totals);
  return {
    verdict: end.verdict,
    reason: end.reason,
    rollback: end.rollback ?? 'no',
    decides: end.decides ?? null,
    action: end.action ?? null,
    samples: state.samples,
    requests: totals.reduce((sum, { requests }) => sum + requests, 0),
    errors: totals.reduce((sum, { errors }) => sum + errors, 0),
    coveredMs: state.coveredMs,
    elapsedMs: state.atMs ?? 0,
    lostMs: state.lostMs,
    gaps: state.gaps.map((gap) => ({ ...gap })),
    goals,
    rows: settled.matrix.map((row) => ({
      id: row.id,
      condition: describeCondition(row.condition),
      severity: row.severity,
      rollback: row.rollback,
      action: row.action,
      owner: row.owner,
      held: state.rows[row.id] !== undefined,
      holds: (state.rows[row.id]?.streak ?? 0) > 0,
      firstMs: state.rows[row.id]?.firstMs ?? null,
      dueMs: state.rows[row.id]?.dueMs ?? null,
      seen: state.rows[row.id]?.seen ?? null,
    })),
    notes: state.notes.map((note) => ({ ...note })),
  };
}

interface End {
  readonly verdict: WatchResult['verdict'];
  readonly reason: string;
  readonly rollback?: 'yes' | 'maybe';
  readonly decides?: string;
  readonly action?: string;
}

function endOf(settled: SettledWatch, state: WatchState, goals: readonly GoalResult[]): End {
  const { decision } = state;
  if (decision !== undefined) {
    const { rollback, reason, owner, action } = decision;
    return { verdict: 'fail', reason, rollback, decides: owner, action };
  }
  const broken = goals.filter(({ result }) => result === 'broken');
  if (broken.length > 0) {
    const reason = broken.map(({ goal, seen }) => `${goal} is broken: ${seen}`).join('; ');
    return { verdict: 'fail', reason, rollback: 'maybe', ...ownerOf(settled, state) };
  }
  const doubts = [...coverageDoubts(settled, state), ...doubtsOf(settled, state, goals)];
  if (doubts.length > 0)
    return { verdict: 'inconclusive', reason: doubts.join('; '), ...ownerOf(settled, state) };
  return { verdict: 'pass', reason: goals.map(({ goal, seen }) => `${goal}: ${seen}`).join('; ') };
}

/** Who decides: the owner of a row that is on, else of the first that asks somebody. */
function ownerOf(settled: SettledWatch, state: WatchState): { decides?: string; action?: string } {
  const asking = settled.matrix.filter(({ rollback }) => rollback === 'maybe');
  const row = asking.find(({ id }) => state.rows[id]?.dueMs !== undefined) ?? asking[0];
  return row === undefined ? {} : { decides: row.owner, action: row.action };
}

function coverageDoubts(settled: SettledWatch, state: WatchState): string[] {
  const { durationMs } = settled.plan;
  if (state.coveredMs >= durationMs) return [];
  const last = state.gaps.at(-1);
  return [
    `${formatMs(state.coveredMs)} of ${formatMs(durationMs)} are covered by data` +
      (last === undefined ? '' : `, ${formatMs(state.lostMs)} were lost (last: ${last.reason})`),
  ];
}

/** Why it may not be called good, whatever has been covered. */
export function doubtsOf(settled: SettledWatch, state: WatchState, goals: readonly GoalResult[]): string[] {
  const doubts: string[] = [];
  for (const { goal, result, seen } of goals)
    if (result === 'open') doubts.push(`${goal} is not shown: ${seen}`);
  for (const { name } of settled.plan.sources) {
    if (state.alive[name] === undefined) doubts.push(`${name} never gave any data`);
  }
  for (const row of settled.matrix) {
    const held = state.rows[row.id];
    if (row.rollback === 'no' || held === undefined) continue;
    if (held.streak > 0 || held.dueMs !== undefined)
      doubts.push(`${describeCondition(row.condition)}: ${held.seen}, and is not over`);
  }
  doubts.push(...regressions(settled, state));
  return doubts;
}

/** Where the change is proven to have made things worse, although the absolute limits hold. */
function regressions(settled: SettledWatch, state: WatchState): string[] {
  if (settled.baseline === undefined) return [];
  return settled.pools.flatMap((pool) => {
    const now = totalOf(settled, state, pool);
    const before = baselineOf(settled, pool);
    if (before.requests === 0) return [];
    const least = lowerBound({ ...now, confidence: CONFIDENCE });
    const most = upperBound({ ...before, confidence: CONFIDENCE });
    const found: string[] = [];
    if (least > BASELINE_FACTOR * most) {
      found.push(
        `${pool.join(' + ')}: at least ${percent(least)} fail, at most ${percent(most)} did before the change`,
      );
    }
    const quantile = 0.95;
    const was = quantileBounds({
      counts: pool.flatMap((source) => settled.baseline?.sources[source]?.latency ?? []),
      quantile,
      confidence: CONFIDENCE,
    });
    const is = quantileBounds({ counts: latencyOf(state, pool), quantile, confidence: CONFIDENCE });
    const worseThanMs = Math.max(NOTICEABLE_MS, BASELINE_FACTOR * (was.upperMs ?? Number.POSITIVE_INFINITY));
    if (is.lowerMs !== null && is.lowerMs > worseThanMs) {
      found.push(
        `${pool.join(' + ')}: p95 is at least ${is.lowerMs} ms, it was at most ${was.upperMs} ms before the change`,
      );
    }
    return found;
  });
}
