import type { Decision } from '../engine/decide.ts';
import type { Halt } from '../engine/execute.ts';

/**
 * What a person does next, as the command to type. `operating`: some process is at work on the run, and only it acts.
 * Pure.
 *
 * @example nextMove(runId, decide(plan, state), false) // 'next: roundtrip resume --run … or roundtrip abort --run …'
 */
export function nextMove(runId: string, next: Decision | Halt, operating: boolean): string {
  switch (next.next) {
    case 'ask-approval':
      return `next: roundtrip approve --run ${runId} --step ${next.step.id}`;
    case 'ask-human':
      return `next: find out whether "${next.step.title}" happened, then roundtrip approve --run ${runId} --step ${next.step.id} --done | --not-done`;
    case 'stuck':
      return `next: cure what the failed step names, then roundtrip resume --run ${runId}`;
    case 'none':
      return next.verdict === 'succeeded'
        ? `next: roundtrip watch, or roundtrip rollback --run ${runId}; later roundtrip finish`
        : `next: roundtrip report --run ${runId}`;
    default:
      return operating
        ? `next: ${'step' in next ? `${actInWords(next.act)} "${next.step.title}"` : next.next}, by the process that operates`
        : `next: roundtrip resume --run ${runId}   or   roundtrip abort --run ${runId}`;
  }
}

/** What was begun is inspected only if its process dies; as long as one operates, its end is what comes next. */
function actInWords(act: string): string {
  if (act === 'inspect-do') return 'the end of';
  return act === 'inspect-undo' ? 'the end of undoing' : act;
}
