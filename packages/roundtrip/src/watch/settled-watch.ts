import { Refused } from '../errors.ts';
import type { LatencyCount } from './latency.ts';
import { isErrorRate, isLatency, type MatrixRow } from './matrix.ts';
import type { WatchGoal, WatchPlan, WatchSource } from './watch-plan.ts';

/** What was counted before the change, by source: what the watch compares with, besides the absolute limits. */
export interface Baseline {
  /** UTC, ISO 8601. */
  readonly takenAt: string;
  readonly sources: Readonly<
    Record<
      string,
      { readonly requests: number; readonly errors: number; readonly latency: readonly LatencyCount[] }
    >
  >;
}

/** A plan, its matrix and what follows from them once, so that no sample has to find it out again. */
export interface SettledWatch {
  readonly plan: WatchPlan;
  readonly matrix: readonly MatrixRow[];
  readonly baseline: Baseline | undefined;
  /** Every latency that a goal or a row compares with; tallies count by their index. */
  readonly limitsMs: readonly number[];
  /** Sources that give requests. */
  readonly traffic: readonly string[];
  /**
   * Sources that may be added up because no request is in two of them: our labelled probes and the access logs, which
   * leave them out, are one pool; a Prometheus server sees both again and stands alone.
   */
  readonly pools: readonly (readonly string[])[];
  /** Pools and, in a pool of several, each source for itself: our many probes must not thin out customers' errors. */
  readonly units: readonly (readonly string[])[];
  /** A longer time without a sample is a gap. */
  readonly gapMsMax: number;
  /** A longer time without a request is a gap. */
  readonly silenceMsMax: number;
  readonly extensionMsMax: number;
}

const MINUTE_MS = 60_000;
const GAP_INTERVALS = 3;
/** At `speed` a slow answer is a long time of the watch; this much real time is never a gap. */
const GAP_REAL_MS_MIN = 2_000;
const LOAD_METRICS: readonly string[] = ['cpu', 'memory'];

/**
 * Settles a watch, or refuses one that could not judge what it is asked.
 *
 * @throws Refused `bad-watch` with everything that is wrong with it.
 * @example settleWatch({ plan, matrix: storyMatrix() })
 */
export function settleWatch(options: {
  readonly plan: WatchPlan;
  readonly matrix: readonly MatrixRow[];
  readonly baseline?: Baseline | undefined;
}): SettledWatch {
  const { plan, matrix, baseline } = options;
  const problems = [...problemsOfPlan(plan), ...problemsOfMatrix(matrix)];
  if (problems.length > 0) {
    throw new Refused({
      code: 'bad-watch',
      seen: problems.join('; '),
      expected: 'a watch whose sources can answer its goals and its matrix',
      next: 'correct the watch or the matrix in the runbook',
    });
  }
  const traffic = plan.sources.filter(givesRequests).map(({ name }) => name);
  const pools = poolsOf(plan.sources);
  return {
    plan,
    matrix,
    baseline,
    limitsMs: limitsOf(plan, matrix),
    traffic,
    pools,
    units: pools.flatMap((pool) => (pool.length === 1 ? [pool] : [pool, ...pool.map((name) => [name])])),
    gapMsMax: Math.max(GAP_INTERVALS * plan.intervalMs, GAP_REAL_MS_MIN * (plan.speed ?? 1)),
    silenceMsMax: Math.min(10 * MINUTE_MS, plan.durationMs / 10),
    extensionMsMax: plan.extensionMsMax ?? plan.durationMs,
  };
}

/** Every response time that a goal or a row of the matrix compares with, ascending. */
export function limitsOf(plan: WatchPlan, matrix: readonly MatrixRow[]): readonly number[] {
  const limits = new Set<number>();
  for (const goal of plan.goals) if (goal.metric === 'latencyMs') limits.add(goal.max);
  for (const { condition } of matrix) if (isLatency(condition)) limits.add(condition.value);
  return [...limits].sort((a, b) => a - b);
}

/** Whether a source counts requests; the others give metrics. */
export function givesRequests(source: WatchSource): boolean {
  if (source.kind === 'command') return source.reads === 'exit-code';
  return source.kind === 'http' || source.kind === 'access-log' || source.kind === 'prometheus';
}

function poolsOf(sources: readonly WatchSource[]): readonly (readonly string[])[] {
  const atFrontDoor = (source: WatchSource) => source.kind === 'http' || source.kind === 'access-log';
  const frontDoor = sources.filter(atFrontDoor).map(({ name }) => name);
  const alone = sources.filter((source) => givesRequests(source) && !atFrontDoor(source));
  return [...(frontDoor.length === 0 ? [] : [frontDoor]), ...alone.map(({ name }) => [name])];
}

function problemsOfPlan(plan: WatchPlan): string[] {
  const problems: string[] = [];
  const positive = (name: string, value: number) => {
    if (!Number.isFinite(value) || value <= 0) problems.push(`${name} is ${value}`);
  };
  positive('durationMs', plan.durationMs);
  positive('intervalMs', plan.intervalMs);
  positive('speed', plan.speed ?? 1);
  if (plan.intervalMs > plan.durationMs) problems.push('the interval is longer than the watch');
  if (plan.sources.length === 0) problems.push('there are no sources');
  if (plan.goals.length === 0) problems.push('there are no goals, so that nothing could be shown');
  const names = plan.sources.map(({ name }) => name);
  for (const name of new Set(names)) {
    if (names.filter((other) => other === name).length > 1) problems.push(`two sources are named "${name}"`);
  }
  problems.push(...plan.goals.flatMap((goal) => problemsOfGoal(goal, plan.sources)));
  return problems;
}

function problemsOfGoal(goal: WatchGoal, sources: readonly WatchSource[]): string[] {
  const problems: string[] = [];
  const isShare = goal.metric !== 'latencyMs';
  if (!(goal.max > 0) || (isShare && goal.max >= 1))
    problems.push(`the goal for ${goal.metric} is ${goal.max}`);
  if (goal.metric === 'latencyMs' && !(goal.quantile > 0 && goal.quantile < 1)) {
    problems.push(`the quantile of a goal is ${goal.quantile}`);
  }
  if (goal.metric === 'cpu' || goal.metric === 'memory') {
    if (!sources.some(({ kind }) => kind === 'host')) problems.push(`no host source gives ${goal.metric}`);
  } else if (!sources.some(givesRequests)) problems.push(`no source gives requests for ${goal.metric}`);
  return problems;
}

function problemsOfMatrix(matrix: readonly MatrixRow[]): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { id, condition, rollback } of matrix) {
    if (seen.has(id)) problems.push(`two rows of the matrix are named "${id}"`);
    seen.add(id);
    if ('event' in condition) continue;
    if (rollback === 'yes' && LOAD_METRICS.includes(condition.metric)) {
      problems.push(
        `row "${id}" rolls back on ${condition.metric}: load alerts, it never rolls back by itself`,
      );
    }
    if (!isErrorRate(condition) && !isLatency(condition)) continue;
    if (condition.windowsMs.length === 0) problems.push(`row "${id}" has no window`);
    if (!(condition.confidence > 0.5 && condition.confidence < 1)) {
      problems.push(`row "${id}" is judged with a confidence of ${condition.confidence}`);
    }
  }
  return problems;
}
