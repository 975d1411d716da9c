import { EXIT } from 'roundtrip/cli';
import { stepsBeforeAnyChange } from '../before-any-change.ts';
import { acceptance } from './acceptance.ts';
import type { Night } from './night.ts';

/** What a demo showed, and whether that is what it should show. */
export interface Judgement {
  readonly result: Record<string, unknown>;
  readonly exitCode: number;
}

/**
 * Holds a night against what it must show: protected rows equal at all three moments, no order lost, the old release
 * serving again, a report that verifies, and the exit code of the command line.
 */
export function judge(night: Night, fail: string | undefined): Judgement {
  const { exitCode, before, afterRun, afterRollback, rollbackMs, reportProblems } = night;
  const { ordersPlaced, ordersLost, switchGapMs, rollbackGapMs } = night;
  const equal = before.protectedTables.every((table, index) =>
    [afterRun, afterRollback].every(
      (later) => later.protectedTables[index]?.fingerprint === table.fingerprint,
    ),
  );
  const isEarly = stepsBeforeAnyChange(night.stage.production).some(({ id }) => id === fail);
  const expected = fail === undefined ? EXIT.success : isEarly ? EXIT.failedUnchanged : EXIT.rolledBack;
  const ordered = fail !== undefined || ordersPlaced > 0;
  const met = fail !== undefined || acceptance(night).every(({ holds }) => holds);
  const sound =
    met &&
    equal &&
    ordered &&
    ordersLost === 0 &&
    reportProblems.length === 0 &&
    afterRollback.release === '13.3' &&
    exitCode === expected;
  const expectedVerdict =
    fail === undefined ? 'pass' : expected === EXIT.rolledBack ? 'rolled-back' : 'failed-unchanged';
  const protectedTables = Object.fromEntries(
    before.protectedTables.map(({ table, fingerprint }, index) => [
      table,
      {
        before: fingerprint,
        afterRun: afterRun.protectedTables[index]?.fingerprint,
        afterRollback: afterRollback.protectedTables[index]?.fingerprint,
      },
    ]),
  );
  const counts = (member: 'products' | 'variants') => ({
    before: before[member],
    afterRun: afterRun[member],
    afterRollback: afterRollback[member],
  });
  const accepted = Object.fromEntries(acceptance(night).map(({ id, holds }) => [id, holds]));
  const verdict = sound ? expectedVerdict : 'fail';
  const result = {
    verdict,
    exitCode,
    protectedTables,
    products: counts('products'),
    variants: counts('variants'),
    ordersPlaced,
    ordersLost,
    switchGapMs,
    rollbackGapMs,
    rollbackMs,
    acceptance: accepted,
  };
  // A command line that ended well in a demo that did not show what it must is our own failure.
  return { result, exitCode: sound || exitCode !== EXIT.success ? exitCode : EXIT.internal };
}
