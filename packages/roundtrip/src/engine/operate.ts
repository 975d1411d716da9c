import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { type NamedFinding, preflight } from '../checks/index.ts';
import { Refused } from '../errors.ts';
import { foldJournal, type RunState, stepState } from '../journal/fold.ts';
import { type JournalStore, openJournal, readJournal } from '../journal/journal-file.ts';
import { makeReceipt, type Receipt, readReceipts, saveReceipt } from '../journal/receipt.ts';
import type { JournalBody, JournalRecord, RunKind } from '../journal/record.ts';
import {
  listRuns,
  loadPlan,
  newRunId,
  runPaths,
  type StateFolder,
  savePlan,
} from '../journal/run-directory.ts';
import { withClient } from '../postgres/connection.ts';
import { identify } from '../postgres/identity.ts';
import { acquireAdvisoryLock } from '../postgres/locks.ts';
import { type PinnedReleases, type Plan, planHash, resolvePlan, resolveRehearsal } from '../runbook/plan.ts';
import type { Runbook } from '../runbook/runbook.ts';
import { resolveRelease } from '../services/git-release.ts';
import { stagingCopy } from '../steps/staging-copy.ts';
import type { StepKinds } from '../steps/step-kind.ts';
import { adminAddress } from '../steps/target-databases.ts';
import { TOOL_VERSION } from '../version.ts';
import { decide } from './decide.ts';
import { type Execution, execute, type Halt } from './execute.ts';
import { takeOperatorLock } from './operator-lock.ts';

/** What every verb that acts is given. */
export interface Operation {
  readonly state: StateFolder;
  readonly kinds: StepKinds;
  readonly operator: string;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly onRecord?: Execution['onRecord'];
  readonly onBoundary?: Execution['onBoundary'];
  readonly onLog?: ((line: string, step: string) => void) | undefined;
  /** Told the plan before the first record, for a display that needs it. */
  readonly onPlan?: ((plan: Plan) => void) | undefined;
  /** Replaces secrets in lines that leave the process. */
  readonly redact: (text: string) => string;
}

/** How a verb left its run. */
export interface RunResult {
  readonly runId: string;
  readonly plan: Plan;
  readonly state: RunState;
  readonly halt: Halt;
  readonly receipt?: Receipt | undefined;
}

/** An exception to a guard, typed by a person and kept in the journal. */
export interface Override {
  readonly what: 'receipt' | 'window';
  readonly reason: string;
}

/** Codes of refusals that an override lets pass. Everything else cannot be overridden. */
const OVERRIDABLE: Readonly<Record<Override['what'], readonly string[]>> = {
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

/** All that preflight finds for a live run of the plan. */
export async function checkPlan(
  operation: Operation,
  plan: Plan,
  runKind: RunKind = 'live',
): Promise<readonly NamedFinding[]> {
  const { receipts, spoiled } = readReceipts(operation.state);
  const context = {
    plan,
    planHash: planHash(plan),
    runKind,
    now: operation.now(),
    stateFolder: operation.state.root,
    receipts,
    spoiledReceipts: spoiled,
    signal: operation.signal,
  };
  return preflight(context, operation.kinds);
}

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
    const receipt = readReceipts(operation.state).receipts.find(
      (candidate) => candidate.planHash === planHash(plan),
    );
    const journal = await beginJournal(operation, {
      plan,
      kind: 'live',
      gate: { receipt: receipt?.hash ?? null },
    });
    for (const { what, reason } of overrides)
      journal.append({ type: 'override', what, reason, operator: operation.operator });
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
    refuseFindings(
      (await checkPlan(operation, plan, 'rehearsal')).filter(({ severity }) => severity === 'refusal'),
    );
    const journal = await beginJournal(operation, {
      plan,
      kind: 'rehearsal',
      rehearses: planHash(production),
      gate: {},
    });
    return carryOn(held, plan, journal);
  });
}

/** What a person says to a run that waits. */
export interface HumanDecision {
  readonly step: string;
  readonly as: 'approved' | 'done' | 'not-done';
  readonly comment: string;
}

/**
 * Goes on with a run from its journal: after a crash, an interruption, an approval or a stuck rollback.
 *
 * @throws Refused `plan-edited`, `journal-edited`, `version-changed`, `locked`.
 */
export async function resumeRun(
  operation: Operation,
  options: { readonly runId: string; readonly decision?: HumanDecision | undefined },
): Promise<RunResult> {
  return reopened(operation, options.runId, 'resume', async (held, plan, journal) => {
    const state = foldJournal(journal.records);
    journal.append({ type: 'resumed', operator: operation.operator, toolVersion: TOOL_VERSION });
    const answer =
      options.decision === undefined
        ? retryStuck(operation, plan, state)
        : answerOf(operation, plan, state, options.decision);
    if (answer !== undefined) journal.append(answer);
    return carryOn(held, plan, journal);
  });
}

/**
 * Rolls a run back, finished or not: hours after the switch it is the same undo of the same steps.
 *
 * @throws Refused `already-rolled-back`, `nothing-to-roll-back`, `plan-edited`, `journal-edited`, `locked`.
 */
export async function rollBack(
  operation: Operation,
  options: { readonly runId: string; readonly reason: string; readonly verb: string },
): Promise<RunResult> {
  return reopened(operation, options.runId, options.verb, async (held, plan, journal) => {
    const state = foldJournal(journal.records);
    if (state.verdict === 'rolled-back' || state.verdict === 'failed-unchanged') {
      throw new Refused({
        code: 'already-rolled-back',
        seen: `run ${options.runId} ended ${state.verdict}`,
        expected: 'a run that succeeded or is under way',
        next: '`roundtrip status` shows where production is',
      });
    }
    if (state.direction === 'forward')
      journal.append({
        type: 'rollback-started',
        reason: options.reason,
        automatic: false,
        operator: operation.operator,
      });
    return carryOn(held, plan, journal);
  });
}

/** A run read without acting on it. */
export interface RunView {
  readonly runId: string;
  readonly plan: Plan;
  readonly records: readonly JournalRecord[];
  readonly state: RunState;
}

/** Reads a run, verifying its chain and its plan. */
export function viewRun(folder: StateFolder, runId: string): RunView {
  const records = readJournal(runPaths(folder, runId).journal);
  const state = foldJournal(records);
  return { runId, records, state, plan: loadPlan(folder, runId, state.started.planHash) };
}

/** The newest run of a target, unfinished ones first; undefined when there is none. */
export function latestRun(
  folder: StateFolder,
  filter: { readonly target?: string | undefined; readonly kind?: RunKind | undefined } = {},
): RunView | undefined {
  const views = listRuns(folder)
    .map((runId) => ({ runId, records: readJournal(runPaths(folder, runId).journal) }))
    // A process that died before its first record was whole never started a run.
    .filter(({ records }) => records.length > 0)
    .map(({ runId, records }) => ({ runId, state: foldJournal(records) }))
    .filter(
      ({ state: { started } }) =>
        (filter.target === undefined || started.target === filter.target) &&
        (filter.kind === undefined || started.kind === filter.kind),
    );
  const chosen = views.find(({ state }) => state.verdict === undefined) ?? views[0];
  return chosen === undefined ? undefined : viewRun(folder, chosen.runId);
}

async function carryOn(operation: Operation, plan: Plan, journal: JournalStore): Promise<RunResult> {
  const { runId } = foldJournal(journal.records).started;
  const paths = runPaths(operation.state, runId);
  try {
    const { halt, state } = await execute({
      plan,
      journal,
      kinds: operation.kinds,
      runDirectory: paths.folder,
      operator: operation.operator,
      signal: operation.signal,
      now: operation.now,
      onRecord: operation.onRecord,
      onBoundary: operation.onBoundary,
      log: (line, step) => {
        const redacted = operation.redact(line);
        appendFileSync(paths.log, `${operation.now().toISOString()} ${step} ${redacted}\n`, { mode: 0o600 });
        operation.onLog?.(redacted, step);
      },
    });
    return { runId, plan, state, halt, receipt: receiptOf(operation, plan, state) };
  } finally {
    journal.close();
  }
}

/** Only a rehearsal in which nothing failed vouches for its plan: rolled back because of the drill, not of a fault. */
function receiptOf(operation: Operation, plan: Plan, state: RunState): Receipt | undefined {
  if (state.started.kind !== 'rehearsal' || state.verdict !== 'rolled-back') return undefined;
  const allVerified = plan.steps.every(
    (step) => step.phase === 'epilogue' || stepState(state, step.id).do.phase === 'verified',
  );
  if (!allVerified) return undefined;
  const receipt = makeReceipt(plan, state);
  saveReceipt(operation.state, receipt);
  return receipt;
}

async function beginJournal(
  operation: Operation,
  options: {
    readonly plan: Plan;
    readonly kind: RunKind;
    readonly rehearses?: string;
    readonly gate: { readonly receipt?: string | null };
  },
): Promise<JournalStore> {
  const { plan, kind, rehearses, gate } = options;
  const runId = newRunId({ now: operation.now(), kind, salt: randomBytes(2).toString('hex') });
  const identity = await withClient(adminAddress(plan.target), { applicationName: 'roundtrip' }, identify);
  savePlan(operation.state, runId, plan);
  const journal = openJournal(runPaths(operation.state, runId).journal, { create: true, now: operation.now });
  const started: JournalBody = {
    type: 'run-started',
    runId,
    kind,
    planHash: planHash(plan),
    runbook: plan.runbook,
    target: plan.target.name,
    rehearses,
    toolVersion: TOOL_VERSION,
    operator: operation.operator,
    identity: { systemIdentifier: identity.systemIdentifier, serverVersion: identity.serverVersion },
    gate,
  };
  operation.onBoundary?.('before append:run-started');
  const record = journal.append(started);
  operation.onRecord?.(record, foldJournal(journal.records));
  operation.onBoundary?.('after append:run-started');
  return journal;
}

async function reopened(
  operation: Operation,
  runId: string,
  verb: string,
  work: (held: Operation, plan: Plan, journal: JournalStore) => Promise<RunResult>,
): Promise<RunResult> {
  const { plan, state } = viewRun(operation.state, runId);
  if (state.started.toolVersion !== TOOL_VERSION) {
    throw new Refused({
      code: 'version-changed',
      seen: `this is version ${TOOL_VERSION}; the run was begun with ${state.started.toolVersion}`,
      expected: 'the same version for the whole of a run',
      next: `install ${state.started.toolVersion} and resume with it`,
    });
  }
  return locked(operation, plan, verb, async (held) => {
    const journal = openJournal(runPaths(operation.state, runId).journal, {
      create: false,
      now: operation.now,
    });
    try {
      return await work(held, plan, journal);
    } finally {
      journal.close();
    }
  });
}

/** Runs `work` as the only operator: a lock file for this state folder, an advisory lock for the target's cluster. */
async function locked(
  operation: Operation,
  plan: Plan,
  verb: string,
  work: (held: Operation) => Promise<RunResult>,
): Promise<RunResult> {
  operation.onPlan?.(plan);
  const release = takeOperatorLock(operation.state, {
    operator: operation.operator,
    verb,
    now: operation.now(),
  });
  try {
    const lock = await acquireAdvisoryLock(
      adminAddress(plan.target),
      `roundtrip:${plan.target.database.database}`,
    );
    try {
      // A lost lock stops the run like a Ctrl-C: somebody else may hold it by now.
      return await work({ ...operation, signal: AbortSignal.any([operation.signal, lock.lost]) });
    } finally {
      await lock.release();
    }
  } finally {
    release();
  }
}

function refuseUnfinished(operation: Operation, plan: Plan): void {
  const latest = latestRun(operation.state, { target: plan.target.name, kind: 'live' });
  if (latest === undefined || latest.state.verdict !== undefined) return;
  throw new Refused({
    code: 'run-unfinished',
    seen: `run ${latest.runId} on "${plan.target.name}" is not finished`,
    expected: 'one run at a time on a target',
    next: `roundtrip resume --run ${latest.runId}   or   roundtrip abort --run ${latest.runId}`,
  });
}

function refuseFindings(refusals: readonly NamedFinding[]): void {
  if (refusals.length === 0) return;
  throw new Refused({
    code: 'preflight-refused',
    seen: refusals.map(({ check, code, seen }) => `[${check}] ${code}: ${seen}`).join('\n'),
    expected: refusals.map(({ expected }) => expected).join('; '),
    next: refusals.map(({ cure }) => cure).join('; '),
    fields: { findings: refusals },
  });
}

/** Resuming a stuck run means: try the failed step of the rollback once more. */
function retryStuck(operation: Operation, plan: Plan, state: RunState): JournalBody | undefined {
  const decision = decide(plan, state);
  if (decision.next !== 'stuck') return undefined;
  return {
    type: 'decided',
    step: decision.step.id,
    act: decision.act,
    as: 'not-done',
    operator: operation.operator,
    reason: 'resume tries again',
  };
}

function answerOf(operation: Operation, plan: Plan, state: RunState, answer: HumanDecision): JournalBody {
  const decision = decide(plan, state);
  const waiting = decision.next === 'ask-approval' || decision.next === 'ask-human' ? decision : undefined;
  if (waiting?.step.id !== answer.step || (decision.next === 'ask-approval') !== (answer.as === 'approved')) {
    throw new Refused({
      code: 'nothing-to-approve',
      seen: `the run ${waiting === undefined ? `does not wait (${decision.next})` : `waits for "${waiting.step.id}" (${decision.next})`}`,
      expected: `a run that waits for "${answer.step}" to be ${answer.as}`,
      next: '`roundtrip status` shows what it waits for',
    });
  }
  const { operator } = operation;
  if (answer.as === 'approved')
    return { type: 'approved', step: answer.step, operator, comment: answer.comment };
  const act = decision.next === 'ask-human' ? decision.act : 'do';
  return { type: 'decided', step: answer.step, act, as: answer.as, operator, reason: answer.comment };
}
