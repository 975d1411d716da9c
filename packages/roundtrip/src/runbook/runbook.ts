import { Refused } from '../errors.ts';
import type { MatrixRow } from '../watch/matrix.ts';
import type { CheckSpec } from './check-spec.ts';
import type { Duration } from './duration.ts';
import type { StepSpec } from './step-spec.ts';
import type { Target } from './target.ts';

/** The daily window in which a live run may change production. */
export interface MaintenanceWindow {
  /** Local wall-clock time, "02:00". */
  readonly start: string;
  readonly end: string;
  /** IANA zone, "Europe/Moscow". */
  readonly zone: string;
}

/** A migration as an executable document. `defineRunbook` checks what types cannot. */
export interface Runbook {
  readonly name: string;
  readonly title: string;
  /** Release tags before and after; the rollback goes back to `from`. */
  readonly releases?: { readonly from: string; readonly to: string } | undefined;
  readonly targets: Readonly<Record<string, Target>>;
  readonly window: MaintenanceWindow;
  /** Tables whose rows the migration must not change: "orders" or "schema.table". */
  readonly protectedTables: readonly string[];
  /** The steps in order. A function of the target only: the same target must give the same steps. */
  readonly steps: (target: Target) => readonly StepSpec[];
  /**
   * What must be true before a run begins, besides what is always looked at: earlier gates, a green build, the files to be
   * imported. A function of the target only.
   */
  readonly checks?: ((target: Target) => readonly CheckSpec[]) | undefined;
  /** Run on the staging target before the steps, once the copy is there: previous release, services. */
  readonly stagingPrelude?: ((target: Target) => readonly StepSpec[]) | undefined;
  /** Run on the staging target at the very end of a rehearsal: services off again. */
  readonly stagingEpilogue?: ((target: Target) => readonly StepSpec[]) | undefined;
  /** Read-only steps that must pass once a rollback is complete: smoke test of the old release. */
  readonly afterRollback?: ((target: Target) => readonly StepSpec[]) | undefined;
  readonly matrix: readonly MatrixRow[];
  /** How long a rehearsal receipt stays good. Default "7d". */
  readonly receiptMaxAge?: Duration | undefined;
  /** Kept free before the window's end, on top of the rehearsed rollback time. Default "10min". */
  readonly rollbackMargin?: Duration | undefined;
}

/**
 * Declares a runbook. The file that exports it as default is what `roundtrip plan` and the other verbs take.
 *
 * @throws Refused `bad-runbook` for an empty name, no targets, or a staging target that does not exist.
 * @example
 * export default defineRunbook({
 *   name: 'exact-prices', title: 'Exact prices', targets: readTargets('targets.json'),
 *   window: { start: '02:00', end: '04:00', zone: 'Europe/Moscow' }, protectedTables: ['orders'],
 *   steps: () => [backup(), wayBack(), migrate({ argv: ['./migrate'] })], matrix: [],
 * });
 */
export function defineRunbook(runbook: Runbook): Runbook {
  const problems: string[] = [];
  if (!/^[a-z][a-z0-9-]*$/.test(runbook.name)) problems.push(`the name "${runbook.name}" is not kebab-case`);
  if (Object.keys(runbook.targets).length === 0) problems.push('there are no targets');
  for (const target of Object.values(runbook.targets)) {
    const staging = target.staging === undefined ? undefined : runbook.targets[target.staging];
    if (target.staging !== undefined && staging?.environment !== 'staging') {
      problems.push(
        `target "${target.name}" is rehearsed on "${target.staging}", which is not a staging target`,
      );
    }
  }
  if (problems.length > 0) {
    throw new Refused({
      code: 'bad-runbook',
      seen: problems.join('; '),
      expected: 'a kebab-case name, at least one target, and staging targets that exist',
      next: 'correct the runbook',
    });
  }
  return runbook;
}
