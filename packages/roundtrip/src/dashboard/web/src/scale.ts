import type { DashboardView, StepView } from '../../view/dashboard-view.ts';

/** What the timeline's width stands for. */
export type ScaleName = 'night' | 'plan' | 'actual';

/** A stretch of time as the width of the timeline. */
export interface Scale {
  readonly fromMs: number;
  readonly toMs: number;
  /** Percent from the left, clipped to the edges. */
  at(ms: number): number;
  shows(ms: number): boolean;
}

const PADDING = 0.02;
const SPAN_MS_MIN = 5_000;

/** The scale that shows most at first: the window where the run is inside it, what happened where it was short. */
export function firstScale(view: DashboardView, nowMs: number): ScaleName {
  const { window, startedMs } = view;
  if (window !== null && startedMs >= window.startMs && startedMs <= window.endMs) return 'night';
  const planMs = planEnd(view.steps, startedMs) - startedMs;
  return view.endedMs !== null && view.endedMs - startedMs < planMs / 10 && nowMs > 0 ? 'actual' : 'plan';
}

/** The stretch of a scale at this moment. */
export function scaleOf(name: ScaleName, view: DashboardView, nowMs: number): Scale {
  // The watch lasts a day and would flatten the night: only where all that happened is asked for does it count.
  const acts = view.steps
    .filter(({ kind }) => kind !== 'watch')
    .flatMap(({ do: done, undo }) => [done, undo]);
  const watching = view.steps.some(({ kind, do: done }) => kind === 'watch' && done.phase === 'begun');
  const underWay = view.endedMs === null && !(watching && name !== 'actual');
  const endMs = Math.max(
    view.startedMs,
    ...acts.map(({ endMs: actMs }) => actMs ?? 0),
    underWay ? nowMs : name === 'actual' ? (view.endedMs ?? 0) : 0,
  );
  const plannedMs = planEnd(view.steps, view.startedMs);
  const [from, to] =
    name === 'actual'
      ? [view.startedMs, endMs]
      : name === 'plan' || view.window === null
        ? [view.startedMs, Math.max(plannedMs, endMs)]
        : [Math.min(view.window.startMs, view.startedMs), Math.max(view.window.endMs, endMs)];
  const spanMs = Math.max(SPAN_MS_MIN, to - from);
  const fromMs = from - spanMs * PADDING;
  const toMs = from + spanMs * (1 + PADDING);
  return {
    fromMs,
    toMs,
    at: (ms) => Math.min(100, Math.max(0, ((ms - fromMs) / (toMs - fromMs)) * 100)),
    shows: (ms) => ms >= fromMs && ms <= toMs,
  };
}

/** When the plan would be through, without the watch: that lasts a day and would flatten the night. */
function planEnd(steps: readonly StepView[], startedMs: number): number {
  return Math.max(
    startedMs,
    ...steps
      .filter(({ kind }) => kind !== 'watch')
      .map(({ plannedStartMs, plannedMs }) => (plannedStartMs === null ? 0 : plannedStartMs + plannedMs)),
  );
}

/** Up to seven round instants inside a scale. */
export function ticksOf({ fromMs, toMs }: Scale): readonly number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400].map(
    (s) => s * 1000,
  );
  const stepMs = steps.find((ms) => (toMs - fromMs) / ms <= 7) ?? 86_400_000;
  const ticks: number[] = [];
  for (let at = Math.ceil(fromMs / stepMs) * stepMs; at <= toMs; at += stepMs) ticks.push(at);
  return ticks;
}
