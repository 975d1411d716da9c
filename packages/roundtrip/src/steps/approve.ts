import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { anyStepKind } from './step-kind.ts';

/**
 * A human go/no-go: the run waits (exit code 9) until `roundtrip approve` names this step.
 *
 * @example approve({ question: 'Everyone on the call?', owner: 'Team', planned: '15min' })
 */
export function approve(options: StepCommon & { readonly question: string }): StepSpec {
  return stepSpec({
    kind: 'approve',
    defaultId: 'approve',
    defaultTitle: options.question,
    effect: 'none',
    common: options,
    args: { question: options.question },
  });
}

/** The approval itself is a record of the journal that the engine waits for; once it is there nothing is left to do. */
export const approveKind = anyStepKind({
  kind: 'approve',
  inspect: async () => 'not-done',
  do: async () => ({}),
  verify: async () => ({}),
});
