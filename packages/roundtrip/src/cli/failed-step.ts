import { type RunState, stepState } from '../journal/fold.ts';
import type { RecordedError } from '../journal/record.ts';
import type { Plan } from '../runbook/plan.ts';

/**
 * What went wrong in a run, in whole: the act at which it stands still, or the one for which it went back. Nothing
 * where all went well.
 *
 * @example failedStep(plan, state) // 'failed: undo "Switch to the copy" (reverse-differs)\n  seen:     …'
 */
export function failedStep(plan: Plan, state: RunState): string {
  if (state.verdict === 'succeeded' || state.verdict === 'finished') return '';
  for (const act of ['finish', 'undo', 'do'] as const)
    for (const step of plan.steps) {
      const { phase, error } = stepState(state, step.id)[act];
      if (error !== undefined && phase === 'failed')
        return describe(act === 'do' ? `"${step.title}"` : `${act} "${step.title}"`, error);
    }
  return '';
}

function describe(act: string, { code, seen, expected, next }: RecordedError): string {
  const lines = [`  seen:     ${seen}`, `  expected: ${expected}`, `  next:     ${next}`];
  return `failed: ${act} (${code})\n${lines.join('\n').replaceAll(/\n(?! {2}\w+: )/g, `\n${' '.repeat(12)}`)}\n`;
}
