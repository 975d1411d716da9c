import { type RunState, stepState } from '../../journal/fold.ts';
import type { Json, JsonObject } from '../../json.ts';
import type { Plan } from '../../runbook/plan.ts';
import type { StepSpec } from '../../runbook/step-spec.ts';
import { concludeWatch } from '../../watch/conclude-watch.ts';
import { applySample } from '../../watch/fold-watch.ts';
import { addLatencies, type LatencyCount } from '../../watch/latency.ts';
import { isErrorRate, isLatency } from '../../watch/matrix.ts';
import { type Baseline, type SettledWatch, settleWatch } from '../../watch/settled-watch.ts';
import type { WatchPlan } from '../../watch/watch-plan.ts';
import { soundReading, type WatchSample } from '../../watch/watch-sample.ts';
import { EMPTY_WATCH, type WatchState } from '../../watch/watch-state.ts';
import type { RecordedWatch, WatchBins, WatchLimits, WatchView } from './watch-view.ts';

/** What one bin of the charts counted. */
interface Bin {
  requests: number;
  errors: number;
  latency: readonly LatencyCount[];
  cpu: number | null;
  memory: number | null;
}

/** A bin for every pixel or two, however long the watch: a day of samples is never sent whole. */
const BINS = 240;
const NOTES_SHOWN = 20;

/**
 * The watch of a run as its samples come in: the state by the watch's own fold, and bins for the charts. It holds the
 * bins in place, since a watch has tens of thousands of samples; everything it gives out is plain data.
 *
 * @example
 * const series = watchSeries({ plan, state, step });
 * series.add(sample);
 * series.view();
 */
export interface WatchSeries {
  add(sample: WatchSample): void;
  view(state: RunState, problem: string | null): WatchView;
}

/** The watch step of a plan, if it has one. */
export function watchStep(plan: Plan): StepSpec | undefined {
  return plan.steps.find(({ kind, phase }) => kind === 'watch' && phase === 'main');
}

/** @throws Refused `bad-watch` for a watch that could not judge what it is asked; no such watch runs. */
export function watchSeries(run: {
  readonly plan: Plan;
  readonly state: RunState;
  readonly step: StepSpec;
}): WatchSeries {
  const { plan, step } = run;
  const watch = step.args.watch as unknown as WatchPlan;
  const settled = settleWatch({ plan: watch, matrix: plan.matrix, baseline: baselineOf(plan, run.state) });
  const limits = limitLines(settled);
  // Whole intervals: a bin with now one sample and now two would draw waves that are not there.
  const binMs = Math.max(1, Math.ceil(watch.durationMs / BINS / watch.intervalMs)) * watch.intervalMs;
  const bins = new Map<number, Bin>();
  let seen: WatchState = EMPTY_WATCH;
  return {
    add(sample) {
      seen = applySample(settled, seen, sample);
      const at = Math.floor(sample.atMs / binMs);
      const bin = bins.get(at) ?? { requests: 0, errors: 0, latency: [], cpu: null, memory: null };
      bins.set(at, countInto(bin, sample, settled.traffic));
    },
    view: (state, problem) => {
      const result = concludeWatch(settled, seen);
      return {
        step: step.id,
        durationMs: watch.durationMs,
        coveredMs: seen.coveredMs,
        atMs: seen.atMs ?? 0,
        lostMs: seen.lostMs,
        samples: seen.samples,
        requests: result.requests,
        errors: result.errors,
        bins: binsOf(bins, binMs, seen.atMs),
        limits,
        gaps: seen.gaps,
        goals: result.goals.map(({ goal, result: shown, seen: what }) => ({
          goal,
          result: shown,
          seen: what,
        })),
        rows: result.rows.map(({ id, condition, rollback, held, seen: what }) => ({
          id,
          condition,
          rollback,
          held,
          seen: what,
        })),
        notes: seen.notes.slice(-NOTES_SHOWN),
        verdict: recordedVerdict(state, step.id),
        problem,
      };
    },
  };
}

function countInto(bin: Bin, sample: WatchSample, traffic: readonly string[]): Bin {
  const next = { ...bin };
  for (const reading of sample.readings.map(soundReading)) {
    if ('missing' in reading) continue;
    if (traffic.includes(reading.source)) {
      next.requests += reading.requests ?? 0;
      next.errors += reading.errors ?? 0;
      next.latency = addLatencies(next.latency, reading.latency ?? []);
    }
    next.cpu = highest(next.cpu, reading.values?.cpu);
    next.memory = highest(next.memory, reading.values?.memory);
  }
  return next;
}

function highest(known: number | null, value: number | undefined): number | null {
  if (value === undefined) return known;
  return known === null ? value : Math.max(known, value);
}

function binsOf(bins: ReadonlyMap<number, Bin>, binMs: number, atMs: number | undefined): WatchBins {
  const count = atMs === undefined ? 0 : Math.floor(atMs / binMs) + 1;
  const all = Array.from({ length: count }, (_, index) => bins.get(index));
  return {
    atMs: all.map((_, index) => Math.round(index * binMs)),
    requests: all.map((bin) => bin?.requests ?? 0),
    errorShare: all.map((bin) =>
      bin === undefined || bin.requests === 0 ? null : bin.errors / bin.requests,
    ),
    p95Ms: all.map((bin) => (bin === undefined ? null : quantileEdge(bin.latency, 0.95))),
    cpu: all.map((bin) => bin?.cpu ?? null),
    memory: all.map((bin) => bin?.memory ?? null),
  };
}

/** The upper edge of the bucket with the quantile: what the bin's slowest twentieth was at least not faster than. */
function quantileEdge(counts: readonly LatencyCount[], quantile: number): number | null {
  const total = counts.reduce((sum, [, , count]) => sum + count, 0);
  if (total === 0) return null;
  let left = Math.ceil(total * quantile);
  for (const [from, to, count] of counts) {
    left -= count;
    if (left <= 0) return to ?? from;
  }
  return null;
}

function limitLines({ plan, matrix }: SettledWatch): WatchLimits {
  const goals = plan.goals;
  return {
    errorShare: [
      ...goals.flatMap((goal) => (goal.metric === 'errorRate' ? [{ value: goal.max, label: 'goal' }] : [])),
      ...matrix.flatMap(({ condition, id }) =>
        isErrorRate(condition) && !('upTo' in condition && condition.upTo !== undefined)
          ? [{ value: condition.value, label: id }]
          : [],
      ),
    ],
    latencyMs: [
      ...goals.flatMap((goal) => (goal.metric === 'latencyMs' ? [{ value: goal.max, label: 'goal' }] : [])),
      ...matrix.flatMap(({ condition, id }) =>
        isLatency(condition) ? [{ value: condition.value, label: id }] : [],
      ),
    ],
    load: goals.flatMap((goal) =>
      goal.metric === 'cpu' || goal.metric === 'memory' ? [{ value: goal.max, label: goal.metric }] : [],
    ),
  };
}

function baselineOf(plan: Plan, state: RunState): Baseline | undefined {
  const step = plan.steps.find(({ kind }) => kind === 'baseline');
  const evidence: JsonObject = step === undefined ? {} : stepState(state, step.id).do.evidence;
  return 'sources' in evidence ? (evidence as unknown as Baseline) : undefined;
}

/** The verdict as the journal has it: evidence of a pass, the mark of a watch that asks or goes back. */
function recordedVerdict(state: RunState, step: string): WatchView['verdict'] {
  const { evidence, marks } = stepState(state, step).do;
  const recorded = (evidence.verdict === undefined ? marks.watch?.result : evidence) as
    | (Json & RecordedWatch)
    | undefined;
  if (recorded?.verdict === undefined) return null;
  return { verdict: recorded.verdict, reason: recorded.reason ?? '' };
}
