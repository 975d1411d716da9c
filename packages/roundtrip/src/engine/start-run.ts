import { readReceipts } from '../journal/receipt.ts';
import { type Plan, planHash, resolvePlan, resolveRehearsal } from '../runbook/plan.ts';
import type { Runbook } from '../runbook/runbook.ts';
import { stagingCopy } from '../steps/staging-copy.ts';
import { beginJournal, carryOn, locked } from './hold-run.ts';
import type { Operation, Override, RunResult } from './operation.ts';
import { checkPlan, OVERRIDABLE, pinReleases, refuseFindings, refuseUnfinished } from './preflight-run.ts';

/**
 * Runs the plan on its target. Refuses, before anything is touched, on any finding that is not overridden.
 *
 * @throws Refused `preflight-refused` with all findings, `locked`, `run-unfinished`.
 */
export async function startRun(
  operation: Operation,
  options: { readonly plan: Plan; readonly overrides: readonly Override[] },
): Promise<RunResult> {
  const { plan, overrides } = options;
  return locked(operation, plan, 'run', async (held) => {
    refuseUnfinished(operation, plan);
    const findings = await checkPlan(operation, plan);
    const allowed = new Set(overrides.flatMap(({ what }) => OVERRIDABLE[what]));
    refuseFindings(findings.filter(({ severity, code }) => severity === 'refusal' && !allowed.has(code)));
    const receipt = readReceipts(operation.store.state).receipts.find(
      (candidate) => candidate.planHash === planHash(plan),
    );
    const journal = await beginJournal(held, {
      plan,
      kind: 'live',
      gate: { receipt: receipt?.hash ?? null },
    });
    for (const { what, reason } of overrides)
      await journal.append({ type: 'override', what, reason, operator: operation.operator });
    return carryOn(held, plan, journal);
  });
}

/**
 * Rehearses a target's plan on its staging target: staging is made from a fresh backup of production, the plan runs
 * on it, the rollback is drilled and timed. Leaves a receipt when all of it ended well.
 *
 * @throws Refused `preflight-refused`, `locked`, `no-staging-target`, `rehearsal-differs`.
 */
export async function rehearse(
  operation: Operation,
  options: { readonly runbook: Runbook; readonly target: string },
): Promise<RunResult> {
  const { runbook, target } = options;
  const releases = await pinReleases(runbook, target);
  const production = resolvePlan({ runbook, target, releases });
  const plan = resolveRehearsal({
    runbook,
    target,
    releases,
    copyStep: stagingCopy({ production: production.target }),
  });
  return locked(operation, plan, 'rehearse', async (held) => {
    refuseUnfinished(operation, plan);
    refuseFindings(
      (await checkPlan(operation, plan, 'rehearsal')).filter(({ severity }) => severity === 'refusal'),
    );
    const journal = await beginJournal(held, {
      plan,
      kind: 'rehearsal',
      rehearses: planHash(production),
      gate: {},
    });
    return carryOn(held, plan, journal);
  });
}
