import { DateTime } from 'luxon';
import { Refused } from '../errors.ts';
import type { Plan } from '../runbook/plan.ts';
import { type WindowInstance, windowAt } from '../runbook/window.ts';
import type { Check, Finding } from './check.ts';

/** A night that is planned is known at least this long ahead. */
const NIGHTS_AHEAD = 14;
const DAY_MS = 86_400_000;

/** A live run starts inside the window, with the planned time and the rollback still fitting into it. */
export const insideWindow: Check = {
  name: 'window',
  appliesTo: ['live'],
  async run({ plan, now, receipts, planHash }) {
    const window = windowAt(plan.window, now.getTime());
    const local = (ms: number): string =>
      DateTime.fromMillis(ms, { zone: window.zone }).toFormat('yyyy-LL-dd HH:mm ZZZZ');
    const expected = `a start between ${local(window.startMs)} and ${local(window.endMs)}`;
    const rollbackMs = receipts.find((receipt) => receipt.planHash === planHash)?.rollbackMs ?? 0;
    const neededMs = nightMs(plan) + rollbackMs + plan.rollbackMarginMs;
    const tooShort = (seen: string): Finding => ({
      code: 'window-too-short',
      severity: 'refusal',
      seen,
      expected: `${Math.round(neededMs / 60_000)} min for plan, rollback and margin`,
      cure: 'start at the next window, shorten the plan, or --override window="why"',
    });
    const found = nightsWithoutWindow(plan, window, now);
    if (now.getTime() < window.startMs) {
      found.push({
        code: 'outside-window',
        severity: 'refusal',
        seen: `it is ${local(now.getTime())}`,
        expected,
        cure: 'wait for the window, or --override window="why"',
      });
      const wholeMs = window.endMs - window.startMs;
      if (neededMs > wholeMs) found.push(tooShort(`the whole window is ${Math.round(wholeMs / 60_000)} min`));
      return found;
    }
    const leftMs = window.endMs - now.getTime();
    if (neededMs > leftMs) found.push(tooShort(`${Math.round(leftMs / 60_000)} min are left`));
    return found;
  },
};

/** What is planned inside the window: all but the watch. */
function nightMs({ steps }: Plan): number {
  return steps
    .filter((step) => step.phase === 'main' && step.kind !== 'watch')
    .reduce((sum, step) => sum + step.plannedMs, 0);
}

/** Nights ahead on which the window begins or ends at a time that does not exist, or exists twice. */
function nightsWithoutWindow(plan: Plan, next: WindowInstance, now: Date): Finding[] {
  const found: Finding[] = [];
  for (let night = 1; night <= NIGHTS_AHEAD; night += 1) {
    try {
      // From after the end of a window, the one that is asked for is the next night's.
      windowAt(plan.window, Math.max(now.getTime(), next.endMs) + (night - 1) * DAY_MS);
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'ambiguous-window') throw error;
      if (found.some(({ seen }) => seen === error.seen)) continue;
      found.push({
        code: 'window-ambiguous-ahead',
        severity: 'warning',
        seen: error.seen,
        expected: 'a planned night whose window begins and ends exactly once',
        cure: 'plan another night: a run is refused in that one',
      });
    }
  }
  return found;
}
