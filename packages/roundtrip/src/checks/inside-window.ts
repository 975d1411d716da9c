import { DateTime } from 'luxon';
import { windowAt } from '../runbook/window.ts';
import type { Check } from './check.ts';

/** A live run starts inside the window, with the planned time and the rollback still fitting into it. */
export const insideWindow: Check = {
  name: 'window',
  appliesTo: ['live'],
  async run({ plan, now, receipts, planHash }) {
    const window = windowAt(plan.window, now.getTime());
    const local = (ms: number): string =>
      DateTime.fromMillis(ms, { zone: window.zone }).toFormat('yyyy-LL-dd HH:mm ZZZZ');
    const expected = `a start between ${local(window.startMs)} and ${local(window.endMs)}`;
    if (now.getTime() < window.startMs) {
      return [
        {
          code: 'outside-window',
          severity: 'refusal',
          seen: `it is ${local(now.getTime())}`,
          expected,
          cure: 'wait for the window, or --override window="why"',
        },
      ];
    }
    const rollbackMs = receipts.find((receipt) => receipt.planHash === planHash)?.rollbackMs ?? 0;
    const plannedMs = plan.steps
      .filter((step) => step.phase === 'main' && step.kind !== 'watch')
      .reduce((sum, step) => sum + step.plannedMs, 0);
    const neededMs = plannedMs + rollbackMs + plan.rollbackMarginMs;
    if (now.getTime() + neededMs <= window.endMs) return [];
    const seen = `${Math.round((window.endMs - now.getTime()) / 60_000)} min are left`;
    const cure = 'start at the next window, shorten the plan, or --override window="why"';
    return [
      {
        code: 'window-too-short',
        severity: 'refusal',
        seen,
        expected: `${Math.round(neededMs / 60_000)} min for plan, rollback and margin`,
        cure,
      },
    ];
  },
};
