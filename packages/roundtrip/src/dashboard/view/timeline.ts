import { Refused } from '../../errors.ts';
import { type ActState, type RunState, stepState } from '../../journal/fold.ts';
import { type Receipt, rollbackMs } from '../../journal/receipt.ts';
import type { Plan } from '../../runbook/plan.ts';
import type { StepSpec } from '../../runbook/step-spec.ts';
import { type WindowInstance, windowAt } from '../../runbook/window.ts';
import type { ActView, DashboardView, StepView } from './dashboard-view.ts';

/** The lines that the timeline draws across all steps. */
export type Marks = Pick<
  DashboardView,
  'window' | 'rollbackDeadlineMs' | 'rollbackMs' | 'pointOfNoReturn' | 'forecast' | 'rollback'
>;

/**
 * The steps with their planned places, one after the other from the start of the run. Pure.
 *
 * @example timelineOf({ plan, state, receipt })
 */
export function timelineOf(run: {
  readonly plan: Plan;
  readonly state: RunState;
  readonly receipt: Receipt | undefined;
}): StepView[] {
  const { plan, state, receipt } = run;
  let plannedStartMs = Date.parse(state.startedAt);
  return plan.steps.map((step) => {
    const onTheWay = isForward(step);
    const { approval, ...acts } = stepState(state, step.id);
    const view: StepView = {
      id: step.id,
      title: step.title,
      kind: step.kind,
      owner: step.owner,
      phase: step.phase,
      effect: step.effect,
      plannedMs: step.plannedMs,
      plannedStartMs: onTheWay ? plannedStartMs : null,
      rehearsedMs: receipt?.durationsMs[step.id] ?? null,
      do: actView(acts.do),
      undo: actView(acts.undo),
      finish: actView(acts.finish),
      approval: approval === undefined ? null : `${approval.operator}: ${approval.comment}`,
    };
    if (onTheWay) plannedStartMs += step.plannedMs;
    return view;
  });
}

/**
 * Window, deadline, point of no return and forecast at one moment. Pure: the clock is an argument.
 *
 * The forecast takes a step's rehearsed time where there is one, since the plan is a promise and the rehearsal a
 * measurement. The watch is not part of it: the night is over before.
 */
export function marksOf(run: {
  readonly plan: Plan;
  readonly state: RunState;
  readonly receipt: Receipt | undefined;
  readonly steps: readonly StepView[];
  readonly nowMs: number;
}): Marks {
  const { plan, state, receipt, steps } = run;
  const window = windowOf(plan, Date.parse(state.startedAt));
  const rehearsedMs = receipt?.rollbackMs;
  const fatal = plan.steps.find(({ effect }) => effect === 'point-of-no-return');
  const fatalView = steps.find(({ id }) => id === fatal?.id);
  const tookMs = rollbackMs(plan, state);
  return {
    window,
    rollbackMs: rehearsedMs ?? null,
    rollbackDeadlineMs:
      window === null || rehearsedMs === undefined
        ? null
        : window.endMs - rehearsedMs - plan.rollbackMarginMs,
    pointOfNoReturn:
      fatalView === undefined
        ? null
        : {
            step: fatalView.id,
            title: fatalView.title,
            atMs: fatalView.do.startMs ?? fatalView.plannedStartMs ?? Date.parse(state.startedAt),
            passed: fatalView.do.phase !== 'pending',
          },
    forecast: forecastOf(run),
    rollback:
      state.rollback === undefined
        ? null
        : {
            reason: state.rollback.reason,
            automatic: state.rollback.automatic,
            atMs: Date.parse(state.rollback.at),
            tookMs: state.verdict === 'rolled-back' ? tookMs : null,
          },
  };
}

function forecastOf(run: {
  readonly state: RunState;
  readonly receipt: Receipt | undefined;
  readonly steps: readonly StepView[];
  readonly nowMs: number;
}): Marks['forecast'] {
  const { state, receipt, steps, nowMs } = run;
  if (state.verdict !== undefined || state.direction === 'closing') return null;
  const from = receipt === undefined ? 'plan' : 'rehearsal';
  if (state.direction === 'back') {
    if (receipt === undefined || state.rollback === undefined) return null;
    return { endMs: Math.max(nowMs, Date.parse(state.rollback.at) + receipt.rollbackMs), from };
  }
  const leftMs = steps
    .filter((step) => (step.phase === 'prelude' || step.phase === 'main') && step.kind !== 'watch')
    .filter(({ do: done }) => done.phase !== 'verified')
    .reduce((sum, step) => sum + leftOf(step, nowMs), 0);
  return { endMs: nowMs + leftMs, from };
}

function leftOf({ do: done, plannedMs, rehearsedMs }: StepView, nowMs: number): number {
  const expectedMs = rehearsedMs ?? plannedMs;
  if (done.phase === 'pending' || done.startMs === null) return expectedMs;
  return Math.max(0, expectedMs - (nowMs - done.startMs));
}

/** A window that a change of daylight saving time makes ambiguous is no window to draw. */
function windowOf(plan: Plan, atMs: number): WindowInstance | null {
  try {
    return windowAt(plan.window, atMs);
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

function isForward({ phase }: StepSpec): boolean {
  return phase === 'prelude' || phase === 'main';
}

function actView(act: ActState): ActView {
  const begun = act.phase === 'begun';
  return {
    phase: act.phase,
    attempts: act.attempts,
    startMs: act.startedAt === undefined ? null : Date.parse(act.startedAt),
    endMs: begun || act.endedAt === undefined ? null : Date.parse(act.endedAt),
    durationMs: act.durationMs,
    error: act.error ?? null,
  };
}
