import { type RunState, stepState } from '../journal/fold.ts';
import { stepOfKind } from '../journal/table-proof.ts';
import type { JsonObject } from '../json.ts';
import type { Plan } from '../runbook/plan.ts';

/** How long nobody could write, in milliseconds; null for a way that was not gone, or gone by a process that died in it. */
export interface WritersWaited {
  readonly switchMs: number | null;
  readonly rollbackMs: number | null;
}

/**
 * What customers noticed of a switch beside a database that serves: the time from its fence until they were let in again,
 * there and back. Null for a plan without such a switch: in place they waited for as long as the maintenance. Pure.
 *
 * @example writersWaited(plan, state)?.switchMs // 131
 */
export function writersWaited(plan: Plan, state: RunState): WritersWaited | null {
  const step = stepOfKind(plan, 'switch-over');
  if (step === undefined) return null;
  const { do: done, undo } = stepState(state, step.id);
  return { switchMs: gapOf(done.evidence), rollbackMs: gapOf(undo.evidence) };
}

function gapOf({ gapMs }: JsonObject): number | null {
  return typeof gapMs === 'number' ? gapMs : null;
}
