import { checklist } from './checklist.ts';
import { GUIDE_PARTS, type GuideLanguage, type GuideOf, type GuidePart } from './guide-of.ts';
import type { GuideWords } from './guide-words.ts';
import { matrix } from './matrix.ts';
import { rollback } from './rollback.ts';
import { timeline } from './timeline.ts';
import { wordsEn } from './words-en.ts';
import { wordsRu } from './words-ru.ts';

const WORDS: Readonly<Record<GuideLanguage, GuideWords>> = { en: wordsEn, ru: wordsRu };
const PARTS: Readonly<Record<GuidePart, (of: GuideOf, words: GuideWords) => readonly string[]>> = {
  timeline,
  checklist,
  rollback,
  matrix,
};

/**
 * One part of the guide as Markdown without a heading. Pure: the same plan and receipt give the same text.
 *
 * @example guidePart('timeline', { plan, receipt }, 'ru')
 */
export function guidePart(part: GuidePart, of: GuideOf, language: GuideLanguage): string {
  return PARTS[part](of, WORDS[language]).join('\n');
}

/**
 * All parts under their headings, for a file of its own.
 *
 * @example process.stdout.write(wholeGuide({ plan }, 'en'))
 */
export function wholeGuide(of: GuideOf, language: GuideLanguage): string {
  const parts = GUIDE_PARTS.map(
    (part) => `## ${WORDS[language].headings[part]}\n\n${guidePart(part, of, language)}\n`,
  );
  return `# ${of.plan.title}\n\n${parts.join('\n')}`;
}
