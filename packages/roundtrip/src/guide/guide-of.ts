import type { Receipt } from '../journal/receipt.ts';
import type { Plan } from '../runbook/plan.ts';
import type { Runbook } from '../runbook/runbook.ts';

/** The parts of a migration guide that follow from its runbook, in the order in which a reader needs them. */
export const GUIDE_PARTS = ['timeline', 'checklist', 'rollback', 'matrix'] as const;

/** One of the parts; it is also the word in the mark of a region. */
export type GuidePart = (typeof GUIDE_PARTS)[number];

/** The languages in which the parts are written. Titles, owners and questions stay as the runbook has them. */
export const GUIDE_LANGUAGES = ['en', 'ru'] as const;

/** A language of the guide. */
export type GuideLanguage = (typeof GUIDE_LANGUAGES)[number];

/** What a guide is written from. Without a receipt it says nothing that a rehearsal would have measured. */
export interface GuideOf {
  readonly plan: Plan;
  /** Tags before and after. Of the runbook: a plan that nobody pinned yet has none. */
  readonly releases?: Runbook['releases'];
  /** Of a rehearsal of this very plan. */
  readonly receipt?: Receipt | undefined;
}
