import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createRunAlerts } from '../alerts/run-alerts.ts';
import { asRoundtripError, Refused } from '../errors.ts';
import { foldJournal, type RunState, stepState } from '../journal/fold.ts';
import type { JournalStore } from '../journal/journal-file.ts';
import { makeReceipt, type Receipt } from '../journal/receipt.ts';
import type { JournalBody, RunKind } from '../journal/record.ts';
import { newRunId, runPaths } from '../journal/run-directory.ts';
import { withClient } from '../postgres/connection.ts';
import { identify } from '../postgres/identity.ts';
import { acquireAdvisoryLock } from '../postgres/locks.ts';
import { lostSession } from '../postgres/lost-session.ts';
import { type Plan, planHash } from '../runbook/plan.ts';
import { adminAddress } from '../steps/target-databases.ts';
import { TOOL_VERSION } from '../version.ts';
import { execute } from './execute.ts';
import type { HeldOperation, Operation, RunResult } from './operation.ts';
import { viewRun } from './run-view.ts';

export async function carryOn(
  operation: HeldOperation,
  plan: Plan,
  journal: JournalStore,
): Promise<RunResult> {
  const { runId } = foldJournal(journal.records).started;
  const { log: logFile } = runPaths(operation.store.state, runId);
  const { folder, elsewhere } = await operation.held.files(runId);
  const alerts = createRunAlerts({
    plan,
    journal,
    redact: operation.redact,
    say: (line) => operation.onLog?.(operation.redact(line), 'alerts'),
    onRecord: operation.onRecord,
  });
  try {
    const { halt } = await execute({
      plan,
      journal,
      kinds: operation.kinds,
      runDirectory: folder,
      elsewhere,
      operator: operation.operator,
      signal: operation.signal,
      now: operation.now,
      onRecord: (record, state) => {
        alerts.onRecord(record, state);
        operation.onRecord?.(record, state);
      },
      onBoundary: operation.onBoundary,
      redact: operation.redact,
      log: (line, step) => {
        const redacted = operation.redact(line);
        try {
          appendFileSync(logFile, `${operation.now().toISOString()} ${step} ${redacted}\n`, {
            mode: 0o600,
          });
        } catch (error) {
          // A line for people: without it the step does what it does, and the journal, which needs the same disk, is judged on its own.
          operation.onLog?.(`not written to ${logFile}: ${(error as Error).message}`, step);
        }
        operation.onLog?.(redacted, step);
      },
    });
    await alerts.stop(halt);
    // Read again: what became of the alerts came after the loop's last record.
    const state = foldJournal(journal.records);
    return { runId, plan, state, halt, receipt: await receiptOf(operation, plan, state) };
  } catch (error) {
    await alerts.stop({
      next: 'interrupted',
      reason: error instanceof Error ? error.message : String(error),
    });
    throw error;
  } finally {
    // After the alerts have stopped: none may come to be journalled in a closed file.
    await journal.close();
  }
}

/** Only a rehearsal in which nothing failed vouches for its plan: rolled back because of the drill, not of a fault. */
async function receiptOf(
  operation: HeldOperation,
  plan: Plan,
  state: RunState,
): Promise<Receipt | undefined> {
  if (state.started.kind !== 'rehearsal' || state.verdict !== 'rolled-back') return undefined;
  const allVerified = plan.steps.every(
    (step) => step.phase === 'epilogue' || stepState(state, step.id).do.phase === 'verified',
  );
  if (!allVerified) return undefined;
  const receipt = makeReceipt(plan, state);
  await operation.held.keepReceipt(receipt);
  return receipt;
}

export async function beginJournal(
  operation: HeldOperation,
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
  const journal = await operation.held.begin(runId, plan);
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
  const record = await journal.append(started);
  operation.onRecord?.(record, foldJournal(journal.records));
  operation.onBoundary?.('after append:run-started');
  return journal;
}

const RELOCK = { times: 5, pauseMs: 1_000 };

/**
 * Runs `work` as the only operator: the lock of the store of runs, an advisory lock for the target's cluster. A lock
 * whose session is lost stops the run; what a human would do then is done here: the lock is taken again, unless somebody
 * else has it by now, and the run resumed from its journal.
 */
export async function locked(
  operation: Operation,
  plan: Plan,
  verb: string,
  work: (held: HeldOperation) => Promise<RunResult>,
): Promise<RunResult> {
  operation.onPlan?.(plan);
  let result = await underLock(operation, plan, verb, work);
  for (let times = 1; times <= RELOCK.times; times += 1) {
    if (result.halt.next !== 'interrupted' || result.halt.code !== 'lock-lost') return result;
    await delay(RELOCK.pauseMs * times, undefined, { signal: operation.signal }).catch(() => undefined);
    if (operation.signal.aborted) return result;
    const { runId } = result;
    result = await underLock(operation, plan, verb, (held) => takeUp(held, plan, runId)).catch(
      lockNotTaken(result),
    );
  }
  return result;
}

async function takeUp(held: HeldOperation, plan: Plan, runId: string): Promise<RunResult> {
  const journal = await held.held.open(runId);
  await journal.append({ type: 'resumed', operator: held.operator, toolVersion: TOOL_VERSION });
  return carryOn(held, plan, journal);
}

/** The run stays interrupted; where somebody else has the lock by now, for good. */
function lockNotTaken(before: RunResult): (error: unknown) => RunResult {
  return (thrown) => {
    const error = asRoundtripError(lostSession(thrown) ?? thrown);
    if (error.code === 'connection-failed' || error.code === 'session-lost') return before;
    if (error.code !== 'locked') throw thrown;
    return { ...before, halt: { next: 'interrupted', reason: error.seen, code: error.code } };
  };
}

async function underLock(
  operation: Operation,
  plan: Plan,
  verb: string,
  work: (held: HeldOperation) => Promise<RunResult>,
): Promise<RunResult> {
  const { operator, now, store } = operation;
  const say = (line: string): void => operation.onLog?.(operation.redact(line), 'control store');
  const held = await store.hold({ operator, verb, now, say });
  try {
    const lock = await acquireAdvisoryLock(
      adminAddress(plan.target),
      `roundtrip:${plan.target.database.database}`,
    );
    try {
      // A lost lock stops the run like a Ctrl-C: somebody else may hold it by now.
      const signal = AbortSignal.any([operation.signal, held.lost, lock.lost]);
      return await work({ ...operation, held, signal });
    } finally {
      await lock.release();
    }
  } finally {
    await held.release();
  }
}

export async function reopened(
  operation: Operation,
  runId: string,
  verb: string,
  work: (held: HeldOperation, plan: Plan, journal: JournalStore) => Promise<RunResult>,
): Promise<RunResult> {
  const { plan, state } = viewRun(operation.store.state, runId);
  if (state.started.toolVersion !== TOOL_VERSION) {
    throw new Refused({
      code: 'version-changed',
      seen: `this is version ${TOOL_VERSION}; the run was begun with ${state.started.toolVersion}`,
      expected: 'the same version for the whole of a run',
      next: `install ${state.started.toolVersion} and resume with it`,
    });
  }
  return locked(operation, plan, verb, async (held) => {
    const journal = await held.held.open(runId);
    try {
      return await work(held, plan, journal);
    } finally {
      await journal.close();
    }
  });
}
