import { hasChanged } from '../../engine/decide.ts';
import { type ActPhase, type RunState, stepState } from '../../journal/fold.ts';
import { stepOfKind } from '../../journal/table-proof.ts';
import type { Plan } from '../../runbook/plan.ts';
import type { WayBackView } from './dashboard-view.ts';

/**
 * The light while a run is under way or has gone back, from the journal alone: nobody's databases are asked in the
 * middle of a migration. Undefined after a success, when only a look at the databases can tell. Pure.
 *
 * @example wayBackUnderWay(plan, state)?.light // 'open'
 */
export function wayBackUnderWay(plan: Plan, state: RunState): WayBackView | undefined {
  const light = (name: WayBackView['light'], reason: string): WayBackView => ({
    light: name,
    reasons: [reason],
    retainedBytes: null,
    capBytes: null,
    lagBytes: null,
    lookedAtMs: null,
  });
  if (state.verdict === 'finished' || state.direction === 'closing')
    return light('closed', 'it was closed by `roundtrip finish`');
  if (state.verdict === 'rolled-back')
    return light('closed', 'it has been used: the previous release serves again');
  if (state.verdict === 'failed-unchanged') return light('not-needed', 'nothing was changed');
  const stuck = plan.steps.find(({ id }) => stepState(state, id).undo.phase === 'failed');
  if (stuck !== undefined)
    return light('at-risk', `undoing "${stuck.title}" failed: the rollback stands still`);
  if (state.direction === 'back') return light('open', 'it is being used now');
  const gone = plan.steps.find(
    (step) => step.effect === 'point-of-no-return' && stepState(state, step.id).do.phase !== 'pending',
  );
  if (gone !== undefined) return light('closed', `"${gone.title}" cannot be undone and has begun`);
  // After a success on production the databases are looked at; a rehearsal is always rolled back.
  if (state.verdict === 'succeeded' && state.started.kind === 'live') return undefined;
  return beforeTheEnd(plan, state, light);
}

function beforeTheEnd(
  plan: Plan,
  state: RunState,
  light: (name: WayBackView['light'], reason: string) => WayBackView,
): WayBackView {
  if (!hasChanged(plan, state)) return light('not-needed', 'nothing is changed yet');
  const switching = stepOfKind(plan, 'switch-over');
  if (switching !== undefined) return besideTheOld(stepState(state, switching.id).do.phase, light);
  const dataChanged = plan.steps.some(
    (step) => step.effect === 'undone-by-way-back' && stepState(state, step.id).do.phase !== 'pending',
  );
  const opener = stepOfKind(plan, 'way-back');
  const opened = opener !== undefined && stepState(state, opener.id).do.phase === 'verified';
  if (opened)
    return light('open', 'the return database is proven equal to the backup; a failure rolls back by itself');
  return dataChanged
    ? light('at-risk', 'data was changed and the way back is not verified')
    : light('open', 'no data is changed yet; every step so far can be undone');
}

/** Side by side the database that serves is left alone until the switch, and goes on being fed after it. */
function besideTheOld(
  phase: ActPhase,
  light: (name: WayBackView['light'], reason: string) => WayBackView,
): WayBackView {
  if (phase === 'pending' || phase === 'absent')
    return light('open', 'the old database serves and is not changed; the copy can be thrown away');
  if (phase === 'verified')
    return light('open', 'the old database is kept in step; a rollback switches back to it');
  return light('at-risk', 'the switch is under way: one of the two databases will serve, and none is lost');
}
