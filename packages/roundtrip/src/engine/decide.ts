import { type RunState, stepState } from '../journal/fold.ts';
import type { Act, Verdict } from '../journal/record.ts';
import type { Plan } from '../runbook/plan.ts';
import type { StepSpec } from '../runbook/step-spec.ts';

/** The one next thing to do in a run. */
export type Decision =
  | { readonly next: 'act'; readonly act: Act; readonly step: StepSpec; readonly attempt: number }
  | { readonly next: 'roll-back'; readonly reason: string }
  | { readonly next: 'ask-approval'; readonly step: StepSpec }
  /** Inspection could not tell whether the effect happened. */
  | { readonly next: 'ask-human'; readonly step: StepSpec; readonly act: 'do' | 'undo' }
  /** A step of the rollback failed: stuck until someone resumes. */
  | { readonly next: 'stuck'; readonly step: StepSpec; readonly act: 'do' | 'undo' | 'finish' }
  | { readonly next: 'finish'; readonly verdict: Verdict }
  | { readonly next: 'none'; readonly verdict: Verdict };

/**
 * What a run does next, from its plan and its state alone: no I/O, no clock.
 *
 * Forward, each step is done, then verified. A failure with nothing changed ends the run; a failure after a change
 * rolls the run back (the matrix's "immediate rollback"). Back, every main step that was begun is undone, the last
 * one first, then the after-rollback steps must pass. A rehearsal that succeeded is always rolled back: the drill is
 * part of it. "Begun without outcome" is never repeated before an inspection.
 */
export function decide(plan: Plan, state: RunState): Decision {
  if (state.verdict !== undefined) return { next: 'none', verdict: state.verdict };
  switch (state.direction) {
    case 'forward':
      return decideForward(plan, state);
    case 'back':
      return decideBack(plan, state);
    case 'closing':
      return decideClosing(plan, state);
  }
}

function decideForward(plan: Plan, state: RunState): Decision {
  for (const step of plan.steps) {
    if (step.phase !== 'prelude' && step.phase !== 'main') continue;
    const decision = decideDo(step, state);
    if (decision === undefined) continue;
    if (decision !== 'failed') return decision;
    return hasChanged(plan, state)
      ? {
          next: 'roll-back',
          reason: `step "${step.id}" failed: ${stepState(state, step.id).do.error?.seen ?? 'unknown'}`,
        }
      : finishing(plan, state, 'failed-unchanged');
  }
  if (state.started.kind === 'rehearsal')
    return { next: 'roll-back', reason: 'the rollback drill of the rehearsal' };
  return finishing(plan, state, 'succeeded');
}

function decideBack(plan: Plan, state: RunState): Decision {
  for (const step of [...plan.steps].reverse()) {
    if (step.phase !== 'main' || stepState(state, step.id).do.phase === 'pending') continue;
    // Steps that only look have nothing to undo; what the switch undoes is not undone one by one.
    if (step.effect === 'none' || step.effect === 'undone-by-way-back') continue;
    const decision = decideUndo(step, state);
    if (decision !== undefined) return decision;
  }
  for (const step of plan.steps) {
    if (step.phase !== 'after-rollback') continue;
    const decision = decideDo(step, state);
    if (decision === 'failed') return { next: 'stuck', step, act: 'do' };
    if (decision !== undefined) return decision;
  }
  return finishing(plan, state, 'rolled-back');
}

/** Every step lets go of what it kept for the way back, the last one first: the stream before the database it fills. */
function decideClosing(plan: Plan, state: RunState): Decision {
  for (const step of [...plan.steps].reverse()) {
    if (step.phase !== 'main' || step.effect === 'none') continue;
    const { finish } = stepState(state, step.id);
    if (finish.phase === 'effected') continue;
    if (finish.phase === 'failed') return { next: 'stuck', step, act: 'finish' };
    return { next: 'act', act: 'finish', step, attempt: finish.attempts + 1 };
  }
  return { next: 'finish', verdict: 'finished' };
}

/** The epilogue (staging put to rest) comes last whatever the verdict; its failure does not change the verdict. */
function finishing(plan: Plan, state: RunState, verdict: Verdict): Decision {
  for (const step of plan.steps) {
    if (step.phase !== 'epilogue') continue;
    const decision = decideDo(step, state);
    if (decision !== undefined && decision !== 'failed') return decision;
  }
  return { next: 'finish', verdict };
}

function decideDo(step: StepSpec, state: RunState): Decision | 'failed' | undefined {
  const { do: act, approval } = stepState(state, step.id);
  switch (act.phase) {
    case 'verified':
      return undefined;
    case 'failed':
      return 'failed';
    case 'unclear':
      return { next: 'ask-human', step, act: 'do' };
    case 'begun':
      return { next: 'act', act: 'inspect-do', step, attempt: act.attempts };
    case 'effected':
      return { next: 'act', act: 'verify', step, attempt: act.attempts };
    case 'pending':
    case 'absent':
      // A rehearsal is nobody's go or no-go: production is only read in it.
      if (state.started.kind === 'live' && needsApproval(step) && approval === undefined)
        return { next: 'ask-approval', step };
      return { next: 'act', act: 'do', step, attempt: act.attempts + 1 };
  }
}

function decideUndo(step: StepSpec, state: RunState): Decision | undefined {
  const { do: done, undo } = stepState(state, step.id);
  // What was left unknown on the way forward is settled before it is undone: undo needs to know what it undoes.
  if (undo.phase === 'pending' && done.phase === 'begun') {
    return { next: 'act', act: 'inspect-do', step, attempt: done.attempts };
  }
  switch (undo.phase) {
    case 'effected':
    case 'verified':
      return undefined;
    case 'failed':
      return { next: 'stuck', step, act: 'undo' };
    case 'unclear':
      return { next: 'ask-human', step, act: 'undo' };
    case 'begun':
      return { next: 'act', act: 'inspect-undo', step, attempt: undo.attempts };
    case 'pending':
    case 'absent':
      return { next: 'act', act: 'undo', step, attempt: undo.attempts + 1 };
  }
}

function needsApproval(step: StepSpec): boolean {
  return step.kind === 'approve' || step.effect === 'point-of-no-return';
}

/** Whether any step with an effect was begun: then a failure has something to undo. */
export function hasChanged(plan: Plan, state: RunState): boolean {
  return plan.steps.some(
    (step) =>
      step.phase === 'main' && step.effect !== 'none' && stepState(state, step.id).do.phase !== 'pending',
  );
}
