import { valueAt } from '../json.ts';
import type { Plan } from '../runbook/plan.ts';
import type { MatrixRow } from '../watch/matrix.ts';
import type { GuideOf } from './guide-of.ts';
import type { Consequence, GuideWords } from './guide-words.ts';
import { markdownTable } from './markdown-table.ts';

const HOUR_MS = 3_600_000;

/**
 * The rollback decision matrix, with what really follows from each row in this plan.
 *
 * @example matrix({ plan }, wordsEn).join('\n')
 */
export function matrix({ plan }: GuideOf, { matrix: words }: GuideWords): readonly string[] {
  if (plan.matrix.length === 0) return [words.none];
  const { columns } = words;
  return markdownTable(
    [columns.problem, columns.severity, columns.rollback, columns.what, columns.action, columns.owner],
    plan.matrix.map((row) => [
      words.condition(row.condition),
      words.severity[row.severity],
      words.rollback[row.rollback],
      words.consequence(consequenceOf(plan, row), {
        owner: row.owner,
        timerMs: row.timerMs ?? HOUR_MS,
      }),
      words.actions[row.action] ?? row.action,
      row.owner,
    ]),
  );
}

/** A step that fails after a change goes back whatever the row says; the rest is the watch's, as its plan has it. */
function consequenceOf(plan: Plan, row: MatrixRow): Consequence {
  if ('event' in row.condition) return 'by-itself';
  const watch = plan.steps.find(({ kind, phase }) => kind === 'watch' && phase === 'main');
  if (watch === undefined) return 'nobody-watches';
  switch (row.rollback) {
    case 'yes':
      return valueAt(watch.args, 'watch.onYes') === 'roll-back' ? 'by-itself' : 'asks';
    case 'maybe':
      return 'timer';
    case 'no':
      return 'note';
  }
}
