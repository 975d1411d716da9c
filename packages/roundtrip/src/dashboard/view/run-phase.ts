import { decide } from '../../engine/decide.ts';
import { type RunState, stepState } from '../../journal/fold.ts';
import type { Plan } from '../../runbook/plan.ts';
import type { StepSpec } from '../../runbook/step-spec.ts';
import type { DashboardView, MaintenanceState, RunPhase } from './dashboard-view.ts';

/** Where a run stands and whom it waits for. */
export type Standing = Pick<DashboardView, 'phase' | 'current' | 'waitsFor'>;

/**
 * Where a run stands, by the same decision the engine takes next. `attended`: some process holds the operator's lock.
 * Pure.
 *
 * @example standingOf(plan, state, true).phase // 'forward'
 */
export function standingOf(plan: Plan, state: RunState, attended: boolean): Standing {
  const current = currentAct(plan, state);
  const decision = decide(plan, state);
  const waits = (step: StepSpec, command: string): Standing['waitsFor'] => ({
    step: step.id,
    title: step.title,
    command: `roundtrip ${command} --run ${state.started.runId}`,
  });
  switch (decision.next) {
    case 'none':
      return { phase: 'ended', current: null, waitsFor: null };
    case 'ask-approval':
      return {
        phase: 'waiting',
        current,
        waitsFor: waits(decision.step, `approve --step ${decision.step.id}`),
      };
    case 'ask-human':
      return {
        phase: 'waiting',
        current,
        waitsFor: waits(decision.step, `approve --step ${decision.step.id} --done|--not-done`),
      };
    case 'stuck':
      return { phase: 'stuck', current, waitsFor: waits(decision.step, 'resume') };
    default: {
      if (attended) return { phase: movingPhase(state), current, waitsFor: null };
      const next = 'step' in decision ? decision.step : undefined;
      return {
        phase: 'unattended',
        current,
        waitsFor: {
          step: next?.id ?? '',
          title: next?.title ?? plan.title,
          command: `roundtrip resume --run ${state.started.runId}`,
        },
      };
    }
  }
}

function movingPhase(state: RunState): RunPhase {
  return state.direction === 'closing' ? 'closing' : state.direction;
}

function currentAct(plan: Plan, state: RunState): Standing['current'] {
  for (const act of ['finish', 'undo', 'do'] as const) {
    const step = plan.steps.find(({ id }) => stepState(state, id)[act].phase === 'begun');
    if (step !== undefined) return { step: step.id, title: step.title, act };
  }
  return null;
}

/** The last switch of the maintenance mode that this run made, from the fold alone. Pure. */
export function maintenanceOf(plan: Plan, state: RunState): MaintenanceState {
  if (plan.steps.every(({ kind }) => kind !== 'maintenance')) return 'unneeded';
  let latest: { readonly at: string; readonly state: MaintenanceState } | undefined;
  for (const step of plan.steps) {
    if (step.kind !== 'maintenance') continue;
    const own = step.args.state === 'on' ? 'on' : 'off';
    const { do: done, undo } = stepState(state, step.id);
    for (const [act, reached] of [
      [done, own],
      [undo, own === 'on' ? 'off' : 'on'],
    ] as const) {
      if (act.startedAt === undefined) continue;
      const at = act.endedAt ?? act.startedAt;
      const settled = act.phase === 'effected' || act.phase === 'verified';
      // An interrupted or failed switch may have happened: nothing may be read into it.
      if (act.phase !== 'absent' && (latest === undefined || at >= latest.at))
        latest = { at, state: settled ? reached : 'unknown' };
    }
  }
  return latest?.state ?? 'untouched';
}
