import type { GuideOf } from './guide-of.ts';
import { timeOfDay } from './time-of-day.ts';

/**
 * When a rollback must begin at the latest to end inside the window, "03:41"; undefined before a rehearsal measured it.
 *
 * @example deadline({ plan, receipt }) // "03:49"
 */
export function deadline({ plan, receipt }: GuideOf): string | undefined {
  if (receipt === undefined) return undefined;
  return timeOfDay(plan.window.end, -receipt.rollbackMs - plan.rollbackMarginMs);
}
