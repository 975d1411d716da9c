import type { Receipt } from '../../src/journal/receipt.ts';
import { type Plan, planHash, resolvePlan } from '../../src/runbook/plan.ts';
import { defineRunbook, type Runbook } from '../../src/runbook/runbook.ts';
import type { StepSpec } from '../../src/runbook/step-spec.ts';
import type { MatrixRow } from '../../src/watch/matrix.ts';

/** A plan of these steps on a target "production", from 23:30 to 01:30. */
export function planOf(
  steps: readonly StepSpec[],
  more: Partial<Pick<Runbook, 'afterRollback' | 'checks' | 'matrix' | 'rollbackMargin'>> & {
    readonly matrix?: readonly MatrixRow[];
  } = {},
): Plan {
  const database = { host: '127.0.0.1', port: 5432, user: 'ops', database: 'shop' };
  return resolvePlan({
    runbook: defineRunbook({
      name: 'exact-prices',
      title: 'Exact prices',
      targets: { production: { name: 'production', environment: 'production', database, settings: {} } },
      window: { start: '23:30', end: '01:30', zone: 'Europe/Moscow' },
      protectedTables: ['users', 'orders'],
      matrix: [],
      ...more,
      steps: () => steps,
    }),
    target: 'production',
    releases: null,
  });
}

/** A receipt as a rehearsal of the plan would leave it. */
export function receiptOf(plan: Plan, more: Partial<Receipt> = {}): Receipt {
  return {
    format: 1,
    planHash: planHash(plan),
    runbook: plan.runbook,
    runId: '20261123-0211-abcd',
    rehearsedOn: 'staging',
    finishedAt: '2026-11-23T02:11:09.000Z',
    toolVersion: '0.1.0',
    durationsMs: Object.fromEntries(plan.steps.map(({ id }, index) => [id, 1000 * (index + 1)])),
    rollbackMs: 90_000,
    dataBytes: 12_345_678,
    protectedTables: [],
    journalHead: '0'.repeat(64),
    hash: '0'.repeat(64),
    ...more,
  };
}
