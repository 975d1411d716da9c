import { setTimeout as sleep } from 'node:timers/promises';
import { formatMs } from '../runbook/duration.ts';
import { concludeWatch, isOver, type WatchResult } from './conclude-watch.ts';
import { applySample, foldWatch } from './fold-watch.ts';
import { describeCondition, isErrorRate, isLatency, type MatrixRow } from './matrix.ts';
import { type Baseline, type SettledWatch, settleWatch } from './settled-watch.ts';
import type { SourceReader } from './source-reader.ts';
import { advance, beginTrail } from './standing.ts';
import { takeReadings } from './take-sample.ts';
import { percent } from './verdict.ts';
import { watchClock } from './watch-clock.ts';
import { eventOfNote, NOTHING_TOLD, type Told, type WatchEvent } from './watch-event.ts';
import type { WatchPlan } from './watch-plan.ts';
import type { WatchSample } from './watch-sample.ts';
import type { WatchNote, WatchState } from './watch-state.ts';

/** What a watch is given. Everything it learns goes out through `append`, so that it can be killed at any time. */
export interface WatchRun {
  readonly plan: WatchPlan;
  readonly matrix: readonly MatrixRow[];
  /** From `buildSources`; closed at the end. */
  readonly sources: readonly SourceReader[];
  readonly baseline?: Baseline | undefined;
  /** Samples of the same watch from before it was interrupted. */
  readonly previousSamples: readonly WatchSample[];
  /** Keeps a sample; it counts once this returns. */
  readonly append: (sample: WatchSample) => void;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  /** Lines for people: alarms, timers, gaps, progress. */
  readonly onNote: (line: string) => void;
  /** Told what people should know at once; `told` is what an interrupted watch had told already. */
  readonly onEvent?: ((event: WatchEvent) => void | Promise<void>) | undefined;
  readonly told?: Told | undefined;
  /** Waits in real time; tests that bring their own clock bring this too. */
  readonly wait?: ((ms: number) => Promise<void>) | undefined;
}

/** Near its limit an alarm may come and go with every sample; people are told of it once in ten minutes. */
const REPEAT_MS = 600_000;

/** How often the watch says how far it is. */
const PROGRESS_NOTES = 12;

/**
 * Watches until the matrix decides, the time is covered, or gaps have extended it as far as they may. Started again
 * with the samples so far it goes on where it was; the time between is a gap.
 *
 * @throws Refused `bad-watch`, `histogram-blind`; the signal's reason when interrupted.
 * @example
 * const result = await runWatch({ plan, matrix: storyMatrix(), sources: buildSources({ plan, matrix, query }),
 *   previousSamples: [], append: (sample) => appendFileSync(file, `${JSON.stringify(sample)}\n`),
 *   now: () => new Date(), signal, onNote: console.error });
 */
export async function runWatch(run: WatchRun): Promise<WatchResult> {
  const settled = settleWatch(run);
  try {
    return concludeWatch(settled, await watchOn(run, settled));
  } finally {
    for (const source of run.sources) await source.close?.();
  }
}

async function watchOn(run: WatchRun, settled: SettledWatch): Promise<WatchState> {
  const { plan, signal, previousSamples, onNote } = run;
  const speed = plan.speed ?? 1;
  const realIntervalMs = plan.intervalMs / speed;
  const clock = watchClock({ now: run.now, speed, last: previousSamples.at(-1) });
  const wait = run.wait ?? ((ms: number) => sleep(ms, undefined, { signal }));
  const busy = new Set<string>();
  let state = foldWatch(settled, previousSamples);
  const tellEvents = eventTeller(run, settled);
  announce(run, settled, state);
  await tellEvents(state);
  while (!isOver(settled, state)) {
    signal.throwIfAborted();
    const roundMs = performance.now();
    const readings = await takeReadings({ settled, state, sources: run.sources, busy, signal });
    const sample: WatchSample = { ...clock(), readings };
    run.append(sample);
    const before = state;
    state = applySample(settled, state, sample);
    tell(settled, before, state, onNote);
    await tellEvents(state);
    if (isOver(settled, state)) break;
    await wait(Math.max(0, realIntervalMs - (performance.now() - roundMs)));
  }
  return state;
}

/** Passes on each event once, also one that was noticed right before the process was killed. */
function eventTeller(run: WatchRun, settled: SettledWatch): (state: WatchState) => Promise<void> {
  const { onEvent } = run;
  if (onEvent === undefined) return async () => undefined;
  let told = run.told ?? NOTHING_TOLD;
  const alarms = new Map<string, number>();
  const isRepeated = ({ atMs, text }: WatchNote): boolean => {
    const [name = ''] = text.split(':');
    const toldAtMs = alarms.get(name);
    if (toldAtMs !== undefined && atMs - toldAtMs < REPEAT_MS) return true;
    alarms.set(name, atMs);
    return false;
  };
  let trail = beginTrail(told.standing);
  return async (state) => {
    for (const note of state.notes.slice(told.notes)) {
      const event = eventOfNote(note);
      told = { ...told, notes: told.notes + 1 };
      if (event !== undefined && (event !== 'alarm' || !isRepeated(note)))
        await onEvent({ event, level: note.level, text: note.text, atMs: note.atMs, told });
    }
    const step = advance(settled, state, trail);
    trail = step.trail;
    if (step.changed === undefined) return;
    told = { ...told, standing: trail.told };
    await onEvent({ event: 'verdict-changed', atMs: state.atMs ?? 0, told, ...step.changed });
  };
}

function announce(run: WatchRun, settled: SettledWatch, state: WatchState): void {
  const { plan, onNote } = run;
  const left = Math.max(0, plan.durationMs - state.coveredMs);
  onNote(
    state.samples === 0
      ? `watching for ${formatMs(plan.durationMs)}, a sample every ${formatMs(plan.intervalMs)}`
      : `the watch goes on: ${formatMs(state.coveredMs)} are covered, ${formatMs(left)} are left`,
  );
  for (const { id, condition } of settled.matrix) {
    if ('event' in condition || isErrorRate(condition) || isLatency(condition)) continue;
    if (plan.sources.some((source) => source.kind === 'command' || givesMetric(source, condition.metric)))
      continue;
    onNote(`nothing watches "${id}" (${describeCondition(condition)}): no source gives ${condition.metric}`);
  }
}

function givesMetric(source: WatchPlan['sources'][number], metric: string): boolean {
  if (source.kind === 'sql') return source.metric === metric;
  return source.kind === 'host' && (metric === 'cpu' || metric === 'memory');
}

/** Passes on new notes, and says now and then how far the watch is. */
function tell(
  settled: SettledWatch,
  before: WatchState,
  state: WatchState,
  onNote: (line: string) => void,
): void {
  for (const { atMs, level, text } of state.notes.slice(before.notes.length)) {
    onNote(`[+${formatMs(atMs)}] ${level}: ${text}`);
  }
  const stretchMs = settled.plan.durationMs / PROGRESS_NOTES;
  if (Math.floor(before.coveredMs / stretchMs) === Math.floor(state.coveredMs / stretchMs)) return;
  const totals = Object.values(state.totals);
  const requests = totals.reduce((sum, tally) => sum + tally.requests, 0);
  const errors = totals.reduce((sum, tally) => sum + tally.errors, 0);
  const rate =
    requests === 0
      ? 'no request yet'
      : `${requests} requests, ${errors} errors (${percent(errors / requests)})`;
  onNote(`${formatMs(state.coveredMs)} of ${formatMs(settled.plan.durationMs)} covered: ${rate}`);
}

export type { WatchPlan, WatchResult, WatchSample };
