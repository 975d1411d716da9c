import { type RunState, stepState } from '../journal/fold.ts';
import { stepOfKind, type TableProof, tableProofs } from '../journal/table-proof.ts';
import type { JsonObject } from '../json.ts';
import type { Plan } from '../runbook/plan.ts';
import { type TableChanges, tableChanges } from './table-changes.ts';

/**
 * What a fingerprint says beside the one before the run. `carried`: it differs because customers wrote after the switch,
 * and it is exactly what the stream had brought over when it was drained. `absent`: the run did not get there.
 */
export type TableVerdict = 'equal' | 'carried' | 'differs' | 'absent';

/** A protected table's fingerprints with what they say, and who changed how many of its rows. */
export interface JudgedTable extends TableProof, TableChanges {
  readonly run: TableVerdict;
  readonly rollback: TableVerdict;
}

/**
 * The protected tables with a verdict a column. Pure.
 *
 * @example judgedTables(plan, state).every(({ run }) => run === 'equal')
 */
export function judgedTables(plan: Plan, state: RunState): JudgedTable[] {
  const undone = (kind: string): JsonObject => {
    const step = stepOfKind(plan, kind);
    return step === undefined ? {} : stepState(state, step.id).undo.evidence;
  };
  // In place the stream has a step of its own; side by side the switch drains it.
  const drained = (undone('return-stream').returned ?? undone('switch-over').fingerprints ?? {}) as Readonly<
    Record<string, { readonly rows?: string; readonly digest?: string } | undefined>
  >;
  const changesOf = tableChanges(plan, state);
  return tableProofs(plan, state).map((proof) => {
    const name = proof.table.includes('.') ? proof.table : `public.${proof.table}`;
    const brought = drained[name];
    const carried = brought?.digest === undefined ? null : `${brought.rows}:${brought.digest}`;
    return {
      ...proof,
      run: compare(proof.before, proof.afterRun, null),
      rollback: compare(proof.before, proof.afterRollback, carried),
      ...changesOf(name),
    };
  });
}

function compare(before: string | null, later: string | null, carried: string | null): TableVerdict {
  if (later === null) return 'absent';
  if (later === before) return 'equal';
  return later === carried ? 'carried' : 'differs';
}
