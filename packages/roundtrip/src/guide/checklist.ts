import { deadline } from './deadline.ts';
import type { GuideOf } from './guide-of.ts';
import type { GuideWords } from './guide-words.ts';
import { stepFacts } from './step-facts.ts';

/**
 * What must be true before the night, and what must have been shown before the way back is closed.
 *
 * @example checklist({ plan }, wordsEn).join('\n')
 */
export function checklist(of: GuideOf, words: GuideWords): readonly string[] {
  return [
    words.checklist.before,
    '',
    ...boxes(before(of, words)),
    '',
    words.checklist.after,
    '',
    ...boxes(after(of, words)),
  ];
}

function boxes(items: readonly string[]): string[] {
  return items.map((item) => `- [ ] ${item}`);
}

function before(of: GuideOf, { checklist: words }: GuideWords): string[] {
  const { plan, releases } = of;
  const { target } = plan;
  const main = plan.steps.filter(({ phase }) => phase === 'main');
  const asking = main.filter(({ kind, effect }) => kind === 'approve' || effect === 'point-of-no-return');
  // Two looks at one thing may have one name.
  const listed = [...new Set((plan.checks ?? []).map(({ name }) => name))];
  return [
    words.check(target.name),
    ...(listed.length === 0 ? [] : [words.listed(listed)]),
    words.rehearse({
      target: target.name,
      maxAgeMs: plan.receiptMaxAgeMs,
      staging: target.staging ?? 'staging',
    }),
    ...(releases === undefined ? [] : [words.releases(releases.from, releases.to)]),
    words.people([...new Set(main.map(({ owner }) => owner))], plan.window.start),
    ...asking.map(({ id, title }) => words.approval({ target: target.name, step: id, title })),
    words.told(
      target.name,
      (target.alerts ?? []).map(({ name, kind }) => `${name} (${kind})`),
    ),
    words.deadline(deadline(of)),
  ];
}

function after({ plan }: GuideOf, { checklist: words }: GuideWords): string[] {
  const main = plan.steps.filter(({ phase }) => phase === 'main');
  const facts = main.map((step) => stepFacts(plan, step));
  const watched = facts.find(({ kind }) => kind === 'watch');
  // A switch compares what is carried, and with it the protected tables, before it exchanges anything.
  const proven = facts.some(({ kind }) => kind === 'prove-tables' || kind === 'switch-over');
  return [
    words.exitCode,
    ...facts.flatMap(({ expectations }) => expectations).map(words.holds),
    ...(proven ? [words.unchanged(plan.protectedTables)] : []),
    ...facts.filter(({ probes }) => probes.length > 0).map(({ probes }) => words.answers(probes)),
    ...(watched === undefined ? [] : [words.watchPassed(plan.target.name, watched.lastsMs)]),
    words.report,
    words.finish(plan.target.name),
  ];
}
