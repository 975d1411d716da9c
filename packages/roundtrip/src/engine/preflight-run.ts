import { type NamedFinding, preflight } from '../checks/index.ts';
import { Refused } from '../errors.ts';
import { readReceipts } from '../journal/receipt.ts';
import type { RunKind } from '../journal/record.ts';
import { type PinnedReleases, type Plan, planHash, resolvePlan } from '../runbook/plan.ts';
import type { Runbook } from '../runbook/runbook.ts';
import { resolveRelease } from '../services/git-release.ts';
import type { Operation, Override } from './operation.ts';
import { latestRun } from './run-view.ts';

/** Codes of refusals that an override lets pass. Everything else cannot be overridden. */
export const OVERRIDABLE: Readonly<Record<Override['what'], readonly string[]>> = {
  receipt: ['no-receipt', 'receipt-stale'],
  window: ['outside-window', 'window-too-short'],
};

/** Resolves the runbook's tags to the commits they point at now. */
export async function pinReleases(runbook: Runbook, targetName: string): Promise<PinnedReleases | null> {
  const repository = runbook.targets[targetName]?.releases?.repository;
  if (runbook.releases === undefined || repository === undefined) return null;
  const { from, to } = runbook.releases;
  const [fromRelease, toRelease] = [
    await resolveRelease({ repository, tag: from }),
    await resolveRelease({ repository, tag: to }),
  ];
  return { from, to, fromCommit: fromRelease.commit, toCommit: toRelease.commit };
}

/** The plan of a target as it would run now. */
export async function planFor(runbook: Runbook, target: string): Promise<Plan> {
  return resolvePlan({ runbook, target, releases: await pinReleases(runbook, target) });
}

/**
 * The plan of a target as far as it can be made, and what kept it from being whole: a tag that is not there is told together with
 * everything else, and not instead.
 */
export async function planForCheck(
  runbook: Runbook,
  target: string,
): Promise<{ readonly plan: Plan; readonly findings: readonly NamedFinding[] }> {
  try {
    return { plan: await planFor(runbook, target), findings: [] };
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'unknown-release') throw error;
    const { code, seen, expected, next } = error;
    const finding: NamedFinding = {
      check: 'releases',
      code,
      severity: 'refusal',
      seen,
      expected,
      cure: next,
    };
    return { plan: resolvePlan({ runbook, target, releases: null }), findings: [finding] };
  }
}

/** All that preflight finds for a live run of the plan. */
export async function checkPlan(
  operation: Operation,
  plan: Plan,
  runKind: RunKind = 'live',
): Promise<readonly NamedFinding[]> {
  const { receipts, spoiled } = readReceipts(operation.store.state);
  const context = {
    plan,
    planHash: planHash(plan),
    runKind,
    now: operation.now(),
    stateFolder: operation.store.state.root,
    controlStore: operation.store,
    receipts,
    spoiledReceipts: spoiled,
    signal: operation.signal,
  };
  return preflight(context, operation.kinds);
}

/**
 * One run at a time on a target, and none on top of a way back that is still open: its stream and its return database
 * belong to the state before.
 *
 * @throws Refused `run-unfinished`, `way-back-still-open`.
 */
export function refuseUnfinished(operation: Operation, plan: Plan): void {
  const latest = latestRun(operation.store.state, { target: plan.target.name });
  if (latest === undefined) return;
  const { runId, state } = latest;
  if (state.verdict === undefined) {
    throw new Refused({
      code: 'run-unfinished',
      seen: `run ${runId} on "${plan.target.name}" is not finished`,
      expected: 'one run at a time on a target',
      next: `roundtrip resume --run ${runId}   or   roundtrip abort --run ${runId} --confirm ${plan.target.name}`,
    });
  }
  if (state.verdict !== 'succeeded') return;
  throw new Refused({
    code: 'way-back-still-open',
    seen: `the way back of run ${runId} is still open`,
    expected: 'a target whose last run was finished or rolled back',
    next: `roundtrip finish --run ${runId}   or   roundtrip rollback --run ${runId}`,
  });
}

export function refuseFindings(refusals: readonly NamedFinding[]): void {
  if (refusals.length === 0) return;
  throw new Refused({
    code: 'preflight-refused',
    seen: refusals.map(({ check, code, seen }) => `[${check}] ${code}: ${seen}`).join('\n'),
    expected: eachOnce(refusals.map(({ expected }) => expected)),
    next: eachOnce(refusals.map(({ cure }) => cure)),
    fields: { findings: refusals },
  });
}

/** Several checks that met the same cause have the same cure. */
function eachOnce(texts: readonly string[]): string {
  return [...new Set(texts)].join('; ');
}
