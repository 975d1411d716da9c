import { type RunState, stepState } from '../journal/fold.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Plan } from '../runbook/plan.ts';

/** One go or no-go of a run, with what it was decided on. */
export interface GateSummary {
  readonly name: string;
  readonly kind: string;
  /** `overridden`: somebody went on without it, and said why. */
  readonly result: 'passed' | 'failed' | 'overridden' | 'absent' | 'open';
  readonly at: string | null;
  /** Who decided, where a person did. */
  readonly by: string | null;
  readonly evidence: JsonObject;
}

/** Kinds of steps that decide whether the run may go on, rather than change anything. */
const DECIDING: ReadonlySet<string> = new Set([
  'approve',
  'backup',
  'copy-beside',
  'switch-over',
  'way-back',
  'validate',
  'prove-tables',
  'smoke-test',
  'baseline',
  'watch',
]);

/** Evidence that has a section of its own in the report, or that nobody reads. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'fingerprints',
  'compared',
  'begun',
  'stream',
  'before',
  'after',
  'samples',
  'notes',
  'rows',
  'goals',
  'gaps',
  'sources',
]);

/**
 * Every gate of a run in the order of the plan: the rehearsal's receipt first, then each step that decides. Pure.
 *
 * @example gatesOf(plan, state).filter(({ result }) => result === 'overridden')
 */
export function gatesOf(plan: Plan, state: RunState): GateSummary[] {
  const steps = plan.steps
    .filter(({ kind, effect }) => DECIDING.has(kind) || effect === 'point-of-no-return')
    .map((step): GateSummary => {
      const { do: act, approval } = stepState(state, step.id);
      const result =
        act.phase === 'verified'
          ? 'passed'
          : act.phase === 'failed'
            ? 'failed'
            : act.phase === 'pending'
              ? 'absent'
              : 'open';
      const said = approval === undefined || approval.comment === '' ? {} : { comment: approval.comment };
      const error = act.error === undefined ? {} : { error: `${act.error.code}: ${act.error.seen}` };
      return {
        name: step.title,
        kind: step.kind,
        result,
        at: approval?.at ?? act.endedAt ?? null,
        by: approval?.operator ?? null,
        evidence: { ...said, ...error, ...readable(act.evidence) },
      };
    });
  return [...receiptGate(state), ...steps];
}

/** A live run wants a rehearsal's receipt, or a person who goes without and says why; a rehearsal wants none. */
function receiptGate(state: RunState): GateSummary[] {
  const { started, overrides, startedAt } = state;
  if (started.kind === 'rehearsal') return [];
  const override = overrides.find(({ what }) => what === 'receipt');
  const receipt: Json = started.gate.receipt ?? null;
  return [
    {
      name: 'Rehearsed: a receipt for this very plan',
      kind: 'receipt',
      result: override !== undefined ? 'overridden' : receipt === null ? 'absent' : 'passed',
      at: startedAt,
      by: override?.operator ?? null,
      evidence: { receipt, ...(override === undefined ? {} : { reason: override.reason }) },
    },
    ...overrides
      .filter(({ what }) => what !== 'receipt')
      .map(
        ({ what, reason, operator }): GateSummary => ({
          name: `Inside the ${what}`,
          kind: what,
          result: 'overridden',
          at: startedAt,
          by: operator,
          evidence: { reason },
        }),
      ),
  ];
}

function readable(evidence: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(evidence).filter(([name]) => !ELSEWHERE.has(name)));
}
