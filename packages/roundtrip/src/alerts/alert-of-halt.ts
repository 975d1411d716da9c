import type { Halt } from '../engine/execute.ts';
import type { RunState } from '../journal/fold.ts';
import type { Plan } from '../runbook/plan.ts';
import type { Alert } from './alert.ts';
import { alertOf } from './alert-of-record.ts';

/**
 * What people are told because a run stopped: that it waits for them, is stuck or was interrupted. A run that waits and is
 * resumed without an answer waits again and says so again, which is how an absent approver is reminded.
 *
 * @example alertOfHalt({ plan, state, halt })?.next // ['roundtrip approve --run … --step meeting']
 */
export function alertOfHalt(stopped: {
  readonly plan: Plan;
  readonly state: RunState;
  readonly halt: Halt;
}): Alert | undefined {
  const { plan, state, halt } = stopped;
  const { runId } = state.started;
  const head = { plan, state, ...state.head };
  switch (halt.next) {
    case 'none':
      return undefined;
    case 'ask-approval':
      return alertOf({
        ...head,
        event: 'gate-waits',
        level: 'warning',
        title: `waits for a go: ${halt.step.title}`,
        lines: [`${halt.step.owner} decides`],
        next: [`roundtrip approve --run ${runId} --step ${halt.step.id}`],
      });
    case 'ask-human':
      return alertOf({
        ...head,
        event: 'gate-waits',
        level: 'critical',
        title: `a human decides about "${halt.step.title}"`,
        lines: [askedBecause(state, halt.step.id, halt.act), `${halt.step.owner} decides`],
        next: [
          `roundtrip approve --run ${runId} --step ${halt.step.id} --done`,
          `roundtrip rollback --run ${runId}`,
        ],
      });
    case 'stuck':
      return alertOf({
        ...head,
        event: 'rollback-stuck',
        level: 'critical',
        title: `stuck: ${halt.act} of "${halt.step.title}" failed`,
        lines: [state.steps[halt.step.id]?.[halt.act].error?.seen ?? 'no error is in the journal'],
        next: [`roundtrip resume --run ${runId}`],
      });
    case 'interrupted':
      return alertOf({
        ...head,
        event: 'run-interrupted',
        level: 'warning',
        title: 'interrupted',
        lines: [halt.reason],
        next: [`roundtrip resume --run ${runId}`, `roundtrip abort --run ${runId}`],
      });
  }
}

function askedBecause(state: RunState, step: string, act: 'do' | 'undo'): string {
  return state.steps[step]?.[act].error?.seen ?? 'it cannot be told whether it happened';
}
