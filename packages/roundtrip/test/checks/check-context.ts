import { tmpdir } from 'node:os';
import type { Check, CheckContext, Finding } from '../../src/checks/check.ts';
import { sharedSession } from '../../src/checks/shared-session.ts';
import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import { type Plan, planHash, resolvePlan } from '../../src/runbook/plan.ts';
import { defineRunbook, type Runbook } from '../../src/runbook/runbook.ts';
import type { Target } from '../../src/runbook/target.ts';

/** A plan with these steps on this database. */
export function planOn(
  database: DatabaseAddress,
  parts: Partial<Omit<Runbook, 'targets'>> & {
    readonly target?: Partial<Target>;
    readonly pinned?: Plan['releases'];
  } = {},
): Plan {
  const { target, pinned, ...more } = parts;
  const runbook = defineRunbook({
    name: 'checked',
    title: 'Checked',
    targets: {
      production: { name: 'production', environment: 'production', database, settings: {}, ...target },
    },
    window: { start: '02:00', end: '04:00', zone: 'UTC' },
    protectedTables: [],
    matrix: [],
    steps: () => [],
    ...more,
  });
  return resolvePlan({ runbook, target: 'production', releases: pinned ?? null });
}

/** Runs one check as a preflight would. */
export async function findingsOf(
  check: Check,
  plan: Plan,
  change: Partial<Omit<CheckContext, 'plan' | 'session'>> = {},
): Promise<readonly Finding[]> {
  const context = {
    plan,
    planHash: planHash(plan),
    runKind: 'live' as const,
    now: new Date(),
    stateFolder: tmpdir(),
    receipts: [],
    spoiledReceipts: [],
    signal: new AbortController().signal,
    ...change,
  };
  const shared = sharedSession(context);
  try {
    return await check.run({ ...context, session: shared.session });
  } finally {
    await shared.end();
  }
}

/** "refusal clock-skew", in order. */
export function codesOf(findings: readonly Finding[]): string[] {
  return findings.map(({ severity, code }) => `${severity} ${code}`);
}
