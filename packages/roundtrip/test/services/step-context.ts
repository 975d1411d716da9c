import type { StepSpec } from '../../src/runbook/step-spec.ts';
import type { StepContext } from '../../src/steps/step-kind.ts';

/** The part of a context that a step with services uses. */
export function stepContext(step: StepSpec, change: Partial<StepContext> = {}): StepContext {
  const context: Partial<StepContext> = {
    step,
    runId: 'test-run',
    signal: new AbortController().signal,
    timeoutMs: 20_000,
    marks: {},
    marksOfDo: {},
    mark: () => undefined,
    log: () => undefined,
    now: () => new Date(),
    ...change,
  };
  return context as StepContext;
}
