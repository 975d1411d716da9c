import { deadline } from './deadline.ts';
import type { GuideOf } from './guide-of.ts';
import type { GuideWords } from './guide-words.ts';
import { type StepFacts, stepFacts } from './step-facts.ts';

/**
 * The way back: until when, what comes along, and what is undone in which order.
 *
 * @example rollback({ plan, receipt }, wordsEn).join('\n')
 */
export function rollback(of: GuideOf, words: GuideWords): readonly string[] {
  const { plan, receipt } = of;
  const { name } = plan.target;
  const main = plan.steps.filter(({ phase }) => phase === 'main');
  const irreversible = main.filter(({ effect }) => effect === 'point-of-no-return');
  return [
    '```sh',
    `roundtrip rollback --target ${name} --confirm ${name} --reason "…"`,
    '```',
    '',
    words.rollback.deadline({
      windowEnd: plan.window.end,
      zone: plan.window.zone,
      marginMs: plan.rollbackMarginMs,
      rollbackMs: receipt?.rollbackMs,
      deadline: deadline(of),
    }),
    '',
    ...comesAlong(
      main.map((step) => stepFacts(plan, step)),
      words,
    ),
    ...(irreversible.length === 0
      ? []
      : ['', words.rollback.irreversible(irreversible.map(({ title }) => title))]),
    '',
    words.rollback.order,
    '',
    ...inOrder(of, words).map((text, index) => `${index + 1}. ${text}`),
  ];
}

function comesAlong(facts: readonly StepFacts[], { rollback: words }: GuideWords): string[] {
  // In place the stream has a step of its own; beside a production that serves, the switch turns the copy's around.
  const carried = facts.find(({ kind }) => kind === 'return-stream' || kind === 'copy-beside')?.tables ?? [];
  const mapped = facts.flatMap((step) => step.mapped);
  const carries = carried.length > 0;
  return [
    `${carries ? words.carried(carried) : words.notCarried}${mapped.length === 0 ? '' : ` ${words.mapped([...new Set(mapped)])}`}`,
    '',
    words.returnGone(carries),
  ];
}

/** The same order as the engine's: begun steps with an effect of their own, the last one first, then what must pass. */
function inOrder({ plan }: GuideOf, words: GuideWords): string[] {
  const undone = plan.steps
    .filter(({ phase, effect }) => phase === 'main' && effect === 'reversible')
    .reverse()
    .flatMap((step) => {
      const text = words.steps[step.kind]?.undone(stepFacts(plan, step)) ?? '';
      return text === '' ? [] : [`${text} (\`${step.id}\`)`];
    });
  const afterwards = plan.steps
    .filter(({ phase }) => phase === 'after-rollback')
    .map((step) =>
      words.rollback.afterwards(step.title, words.steps[step.kind]?.does(stepFacts(plan, step)) ?? ''),
    );
  return [...undone, ...afterwards];
}
