import { hasChanged } from '../engine/decide.ts';
import type { Halt } from '../engine/execute.ts';
import type { RoundtripError } from '../errors.ts';
import type { RunState } from '../journal/fold.ts';
import type { Plan } from '../runbook/plan.ts';

/** The exit codes of the command line: a contract for the scripts that call it. */
export const EXIT = {
  success: 0,
  internal: 1,
  usage: 2,
  refused: 3,
  failedUnchanged: 4,
  failedChanged: 5,
  rolledBack: 6,
  rollbackFailed: 7,
  locked: 8,
  waiting: 9,
  inconclusive: 10,
  interrupted: 130,
} as const;

/** The exit code of an error that ended a verb before or outside a run. */
export function exitCodeOfError(error: RoundtripError): number {
  if (error.code === 'locked') return EXIT.locked;
  if (error.code === 'confirmation-missing') return EXIT.waiting;
  if (error.code === 'usage') return EXIT.usage;
  switch (error.outcome) {
    case 'refused':
      return EXIT.refused;
    case 'failed':
      return error.fields.changed === true ? EXIT.failedChanged : EXIT.failedUnchanged;
    case 'ambiguous':
      return EXIT.inconclusive;
    case 'undo-failed':
      return EXIT.rollbackFailed;
    case 'bug':
      return EXIT.internal;
  }
}

/**
 * The exit code of a run that the engine handed back. `asked` is what the operator wanted: a rollback that was asked
 * for (and a rehearsal's drill) succeeds with 0, the same rollback after a failure is 6.
 */
export function exitCodeOfHalt(options: {
  readonly plan: Plan;
  readonly state: RunState;
  readonly halt: Halt;
  readonly rollbackAsked: boolean;
}): number {
  const { plan, state, halt, rollbackAsked } = options;
  switch (halt.next) {
    case 'ask-approval':
      return EXIT.waiting;
    case 'ask-human':
      return EXIT.inconclusive;
    case 'stuck':
      return EXIT.rollbackFailed;
    case 'interrupted':
      // Nobody interrupted it: it waits for a decision.
      return halt.code === 'rollback-deadline-passed' ? EXIT.waiting : EXIT.interrupted;
    case 'none':
      if (halt.verdict === 'succeeded' || halt.verdict === 'finished') return EXIT.success;
      if (halt.verdict === 'rolled-back') return rollbackAsked ? EXIT.success : EXIT.rolledBack;
      return hasChanged(plan, state) ? EXIT.failedChanged : EXIT.failedUnchanged;
  }
}
