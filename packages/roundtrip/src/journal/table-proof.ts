import type { Json, JsonObject } from '../json.ts';
import type { Plan } from '../runbook/plan.ts';
import type { StepSpec } from '../runbook/step-spec.ts';
import { type RunState, stepState } from './fold.ts';

/** One protected table's fingerprints ("rows:digest"): before, after the run, after the rollback. */
export interface TableProof {
  readonly table: string;
  readonly before: string | null;
  readonly afterRun: string | null;
  readonly afterRollback: string | null;
}

/** The first main step of a kind. */
export function stepOfKind(plan: Plan, kind: string): StepSpec | undefined {
  return plan.steps.find((step) => step.kind === kind && step.phase === 'main');
}

/**
 * The fingerprints of the protected tables as the journal has them: in the backup's snapshot, at the proof after the
 * migration, and inside the fence after the switch back. Null where the run did not get there. Pure.
 */
export function tableProofs(plan: Plan, state: RunState): TableProof[] {
  const evidence = (kind: string, act: 'do' | 'undo'): JsonObject => {
    const step = stepOfKind(plan, kind);
    return step === undefined ? {} : stepState(state, step.id)[act].evidence;
  };
  // Side by side, both databases were compared at one point: what one held, the other held.
  const compared = evidence('switch-over', 'do').compared;
  const before = compared ?? evidence('backup', 'do').fingerprints;
  const afterRun = compared ?? evidence('prove-tables', 'do').after;
  const afterRollback =
    evidence('switch-over', 'undo').fingerprints ?? evidence('way-back', 'undo').fingerprints;
  return plan.protectedTables.map((name) => {
    const table = name.includes('.') ? name : `public.${name}`;
    return {
      table: name,
      before: shown(before, table),
      afterRun: shown(afterRun, table),
      afterRollback: shown(afterRollback, table),
    };
  });
}

function shown(fingerprints: Json | undefined, table: string): string | null {
  const value = (
    (fingerprints ?? {}) as Readonly<Record<string, { rows?: string; digest?: string } | undefined>>
  )[table];
  return value?.digest === undefined ? null : `${value.rows}:${value.digest}`;
}
