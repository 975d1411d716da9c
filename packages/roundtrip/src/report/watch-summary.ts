import { type RunState, stepState } from '../journal/fold.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Plan } from '../runbook/plan.ts';

/** How the watch of a run ended, as the journal has it. */
export interface WatchSummary {
  readonly verdict: string;
  readonly reason: string;
  readonly samples: number;
  readonly requests: number;
  readonly errors: number;
  readonly coveredMs: number;
  readonly lostMs: number;
  readonly goals: readonly { readonly goal: string; readonly result: string; readonly seen: string }[];
  readonly rows: readonly {
    readonly condition: string;
    readonly rollback: string;
    readonly held: boolean;
    readonly seen: string | null;
  }[];
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number; readonly reason: string }[];
}

/**
 * The watch's verdict with what it rests on; null before it ended, and for a plan without one. A pass is evidence of the
 * step; what failed or asks a person was noted as a mark, because an error keeps only its words. Pure.
 */
export function watchSummary(plan: Plan, state: RunState): WatchSummary | null {
  const step = plan.steps.find(({ kind, phase }) => kind === 'watch' && phase === 'main');
  if (step === undefined) return null;
  const { evidence, marks } = stepState(state, step.id).do;
  const result = evidence.verdict === undefined ? marks.watch?.result : evidence;
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return null;
  const found = result as JsonObject;
  const number = (name: string): number => Number(found[name] ?? 0);
  return {
    verdict: String(found.verdict),
    reason: String(found.reason ?? ''),
    samples: number('samples'),
    requests: number('requests'),
    errors: number('errors'),
    coveredMs: number('coveredMs'),
    lostMs: number('lostMs'),
    goals: listOf(found.goals).map(({ goal, result: shown, seen }) => ({
      goal: String(goal),
      result: String(shown),
      seen: String(seen),
    })),
    rows: listOf(found.rows).map(({ condition, rollback, held, seen }) => ({
      condition: String(condition),
      rollback: String(rollback),
      held: held === true,
      seen: seen === null || seen === undefined ? null : String(seen),
    })),
    gaps: listOf(found.gaps).map(({ fromMs, toMs, reason }) => ({
      fromMs: Number(fromMs),
      toMs: Number(toMs),
      reason: String(reason),
    })),
  };
}

function listOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonObject[]) : [];
}
