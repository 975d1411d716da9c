import { type RunState, stepState } from '../journal/fold.ts';
import { stepOfKind, type TableProof, tableProofs } from '../journal/table-proof.ts';
import type { JsonObject } from '../json.ts';
import type { Plan } from '../runbook/plan.ts';

/**
 * What a fingerprint says beside the one before the run. `carried`: it differs because customers wrote after the switch,
 * and it is exactly what the stream had brought over when it was drained. `absent`: the run did not get there.
 */
export type TableVerdict = 'equal' | 'carried' | 'differs' | 'absent';

/** A protected table's fingerprints with what they say. */
export interface JudgedTable extends TableProof {
  readonly run: TableVerdict;
  readonly rollback: TableVerdict;
  /** Rows that were written between the backup and the proof, measured in place; null where nothing measured it. */
  readonly written: { readonly rows: string } | { readonly unknown: string } | null;
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
  const proved = stepOfKind(plan, 'prove-tables');
  const counts = (
    proved === undefined ? {} : (stepState(state, proved.id).do.evidence.written ?? {})
  ) as Readonly<Record<string, JudgedTable['written'] | undefined>>;
  return tableProofs(plan, state).map((proof) => {
    const name = proof.table.includes('.') ? proof.table : `public.${proof.table}`;
    const brought = drained[name];
    const carried = brought?.digest === undefined ? null : `${brought.rows}:${brought.digest}`;
    return {
      ...proof,
      run: compare(proof.before, proof.afterRun, null),
      rollback: compare(proof.before, proof.afterRollback, carried),
      written: counts[name] ?? null,
    };
  });
}

/**
 * How many rows the migration wrote, in words; never 0 where it was not measured.
 *
 * @example writtenText({ rows: '0' }) // "0"
 */
export function writtenText(written: JudgedTable['written']): string {
  if (written === null) return '–';
  return 'rows' in written ? written.rows : `unknown: ${written.unknown}`;
}

function compare(before: string | null, later: string | null, carried: string | null): TableVerdict {
  if (later === null) return 'absent';
  if (later === before) return 'equal';
  return later === carried ? 'carried' : 'differs';
}
