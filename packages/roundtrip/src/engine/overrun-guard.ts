import { Failed, Refused } from '../errors.ts';
import { type RunState, stepState } from '../journal/fold.ts';
import type { Receipt } from '../journal/receipt.ts';
import type { JournalRecord } from '../journal/record.ts';
import type { Plan } from '../runbook/plan.ts';
import { windowAt } from '../runbook/window.ts';

/**
 * Until when a rollback would still end inside the window: its end less the rehearsed rollback less the margin. Undefined where
 * there is none: a rehearsal, no receipt, or a window that was overridden with a reason. Pure.
 *
 * @example rollbackDeadlineMs(plan, state, receipt) // 1763856000000
 */
export function rollbackDeadlineMs(
  plan: Plan,
  state: RunState,
  receipt: Pick<Receipt, 'rollbackMs'> | undefined,
): number | undefined {
  const overridden = state.overrides.some(({ what }) => what === 'window');
  if (state.started.kind !== 'live' || receipt === undefined || overridden) return undefined;
  try {
    const { endMs } = windowAt(plan.window, Date.parse(state.startedAt));
    return endMs - receipt.rollbackMs - plan.rollbackMarginMs;
  } catch (error) {
    // A change of daylight saving time makes it ambiguous: no run begins in it without an override.
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

/** What stops a run that overruns. */
export interface OverrunGuard {
  /** Aborted between two steps, with the error `rollback-deadline-passed` as its reason. */
  readonly signal: AbortSignal;
  readonly onRecord: (record: JournalRecord, state: RunState) => void;
}

/**
 * Stops a live run between two steps once the rollback deadline has passed, for a human to decide: what comes next would be
 * done without a way back that ends inside the window. A step under way is never cut for it: half a migration is worse than a late
 * one. Whoever resumes after the deadline has decided to go on, and is not asked again.
 *
 * @example overrunGuard({ plan, receipt, now: () => new Date() }).signal
 */
export function overrunGuard(known: {
  readonly plan: () => Plan | undefined;
  readonly receipt: (planHash: string) => Pick<Receipt, 'rollbackMs'> | undefined;
  readonly now: () => Date;
}): OverrunGuard {
  const stop = new AbortController();
  let decided: boolean | undefined;
  return {
    signal: stop.signal,
    onRecord: ({ body }, state) => {
      const plan = known.plan();
      if (plan === undefined) return;
      const deadlineMs = rollbackDeadlineMs(plan, state, known.receipt(state.started.planHash));
      const passed = deadlineMs !== undefined && known.now().getTime() > deadlineMs;
      decided ??= passed;
      const isBetween = body.type === 'outcome' && body.act === 'verify' && body.ok;
      if (passed && !decided && isBetween && changesMore(plan, state))
        stop.abort(deadlinePassed(plan, deadlineMs));
    },
  };
}

/** A watch goes on for hours after the window: that is its purpose. */
function changesMore(plan: Plan, state: RunState): boolean {
  return (
    state.direction === 'forward' &&
    plan.steps.some(
      (step) =>
        step.phase === 'main' &&
        step.effect !== 'none' &&
        step.kind !== 'watch' &&
        stepState(state, step.id).do.phase !== 'verified',
    )
  );
}

function deadlinePassed(plan: Plan, deadlineMs: number): Failed {
  return new Failed({
    code: 'rollback-deadline-passed',
    seen: `the rollback deadline passed at ${new Date(deadlineMs).toISOString()}: a rollback from here ends after the window (${plan.window.end} ${plan.window.zone})`,
    expected: 'a decision: go on without it, or go back now',
    next: 'roundtrip resume goes on, roundtrip abort goes back; maintenance stays as it is until then',
  });
}
