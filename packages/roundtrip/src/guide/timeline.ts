import type { StepSpec } from '../runbook/step-spec.ts';
import type { GuideOf } from './guide-of.ts';
import type { GuideWords } from './guide-words.ts';
import { markdownTable } from './markdown-table.ts';
import { stepFacts } from './step-facts.ts';
import { timeOfDay } from './time-of-day.ts';

/**
 * The steps of a run in order: when, what each does, how long it is planned and was rehearsed, what undoes it.
 *
 * @example timeline({ plan }, wordsEn).join('\n')
 */
export function timeline({ plan, receipt }: GuideOf, words: GuideWords): readonly string[] {
  const main = plan.steps.filter(({ phase }) => phase === 'main');
  const night = main.filter(({ kind }) => kind !== 'watch');
  const totalMs = night.reduce((sum, { plannedMs }) => sum + plannedMs, 0);
  const { columns } = words.timeline;
  const { start, end, zone } = plan.window;
  const lines = [
    words.timeline.window({
      start,
      end,
      zone,
      totalMs,
      endsAt: timeOfDay(start, totalMs),
      watched: night.length < main.length,
    }),
  ];
  if (receipt !== undefined)
    lines.push(
      words.timeline.rehearsal({
        on: receipt.rehearsedOn,
        at: receipt.finishedAt.slice(0, 16).replace('T', ' '),
        totalMs: night.reduce((sum, { id }) => sum + (receipt.durationsMs[id] ?? 0), 0),
        rollbackMs: receipt.rollbackMs,
        dataBytes: receipt.dataBytes,
      }),
    );
  let sinceStartMs = 0;
  const rows = main.map((step) => {
    const at = timeOfDay(start, sinceStartMs);
    sinceStartMs += step.plannedMs;
    const facts = stepFacts(plan, step);
    return [
      at,
      `**${step.title}** (\`${step.id}\`)`,
      words.steps[step.kind]?.does(facts) ?? '',
      words.duration(step.plannedMs),
      ...(receipt === undefined ? [] : [rehearsed(step, receipt.durationsMs[step.id], words)]),
      step.owner,
      undoneBy(step, facts.onCopy, words),
    ];
  });
  const heads = [
    columns.at,
    columns.step,
    columns.does,
    columns.planned,
    ...(receipt === undefined ? [] : [columns.rehearsed]),
    columns.owner,
    columns.undone,
  ];
  const irreversible = plan.steps.filter(({ effect }) => effect === 'point-of-no-return');
  lines.push('', ...markdownTable(heads, rows), '');
  lines.push(words.timeline.irreversible(irreversible.map(({ title }) => title)));
  return lines;
}

/** A gate is passed at once in a rehearsal: its time there would be taken for the time that people need. */
function rehearsed(step: StepSpec, ms: number | undefined, words: GuideWords): string {
  return ms === undefined || step.kind === 'approve' ? '–' : words.duration(ms);
}

function undoneBy(step: StepSpec, onCopy: boolean, words: GuideWords): string {
  switch (step.effect) {
    case 'none':
      return '–';
    case 'point-of-no-return':
      return words.timeline.nothing;
    case 'undone-by-way-back':
      return onCopy ? words.timeline.withCopy : words.timeline.byWayBack;
    case 'reversible':
      return words.timeline.ownUndo;
  }
}
