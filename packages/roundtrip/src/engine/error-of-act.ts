import { asRoundtripError, Failed, type RoundtripError } from '../errors.ts';
import { lostSession } from '../postgres/lost-session.ts';
import type { StepSpec } from '../runbook/step-spec.ts';

/**
 * What an act that ended with an error is recorded with. Past its deadline it is that, whatever its signal made of it; and what an
 * interruption makes a timer or a stream raise (the bare reason of the signal) is nobody's bug.
 */
export function errorOfAct(
  thrown: unknown,
  ending: {
    readonly step: Pick<StepSpec, 'id' | 'timeoutMs'>;
    readonly deadline: AbortSignal;
    readonly interruption: AbortSignal;
  },
): RoundtripError {
  const { step, deadline, interruption } = ending;
  if (deadline.aborted)
    return new Failed({
      code: 'step-timed-out',
      seen: `step "${step.id}" was still running after ${step.timeoutMs} ms; its child processes were killed`,
      expected: 'an end within its deadline',
      next: 'look at the log of the run; raise `timeout` in the runbook if the time is really needed',
      cause: thrown,
    });
  const error = asRoundtripError(lostSession(thrown) ?? thrown);
  if (!interruption.aborted || error.code !== 'unexpected-error' || !isOfSignal(thrown, interruption))
    return error;
  return new Failed({
    code: 'step-interrupted',
    seen: `step "${step.id}" was interrupted: ${String(interruption.reason)}`,
    expected: 'time to come to its end',
    next: '`roundtrip resume` goes on: what was under way is inspected first',
    cause: thrown,
  });
}

function isOfSignal(thrown: unknown, { reason }: AbortSignal): boolean {
  return thrown === reason || (thrown instanceof Error && thrown.name === 'AbortError');
}
