import { Refused } from '../errors.ts';
import { foldJournal, type RunState, stepState } from '../journal/fold.ts';
import type { JournalBody } from '../journal/record.ts';
import type { Plan } from '../runbook/plan.ts';
import { TOOL_VERSION } from '../version.ts';
import { decide } from './decide.ts';
import { carryOn, reopened } from './hold-run.ts';
import type { Operation, RunResult } from './operation.ts';
import { requireWayBack } from './require-way-back.ts';

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
    await journal.append({ type: 'resumed', operator: operation.operator, toolVersion: TOOL_VERSION });
    const answer =
      options.decision === undefined
        ? retryStuck(operation, plan, state)
        : answerOf(operation, plan, state, options.decision);
    if (answer !== undefined) await journal.append(answer);
    return carryOn(held, plan, journal);
  });
}

/**
 * Rolls a run back, finished or not: hours after the switch it is the same undo of the same steps.
 *
 * @throws Refused `already-rolled-back`, `nothing-to-roll-back`, `live-database-missing`, `nothing-to-go-back-to`, `plan-edited`,
 * `journal-edited`, `locked`.
 */
export async function rollBack(
  operation: Operation,
  options: { readonly runId: string; readonly reason: string; readonly verb: string },
): Promise<RunResult> {
  return reopened(operation, options.runId, options.verb, async (held, plan, journal) => {
    const state = foldJournal(journal.records);
    if (state.direction === 'closing' || state.verdict === 'finished') throw wayBackClosed(options.runId);
    if (state.verdict === 'rolled-back' || state.verdict === 'failed-unchanged') {
      throw new Refused({
        code: 'already-rolled-back',
        seen: `run ${options.runId} ended ${state.verdict}`,
        expected: 'a run that succeeded or is under way',
        next: '`roundtrip status` shows where production is',
      });
    }
    // A run that is half-way and failed goes back from where it is, whatever it finds there.
    if (state.verdict === 'succeeded') {
      const { folder, elsewhere } = await held.held.files(options.runId);
      await requireWayBack(plan, state, { runDirectory: folder, elsewhere: (elsewhere ?? []).length > 0 });
    }
    if (state.direction === 'forward')
      await journal.append({
        type: 'rollback-started',
        reason: options.reason,
        automatic: false,
        operator: operation.operator,
      });
    return carryOn(held, plan, journal);
  });
}

/**
 * Closes the way back for good: the return stream with its slot, and the return database where `finish` of its step
 * drops it. From then on a rollback would lose what customers wrote.
 *
 * @throws Refused `nothing-to-finish`, `finish-early` before the watch was over and without a typed reason.
 */
export async function finishRun(
  operation: Operation,
  options: { readonly runId: string; readonly early?: string | undefined },
): Promise<RunResult> {
  return reopened(operation, options.runId, 'finish', async (held, plan, journal) => {
    const state = foldJournal(journal.records);
    if (state.verdict !== 'succeeded' && state.direction !== 'closing') {
      throw new Refused({
        code: 'nothing-to-finish',
        seen: `run ${options.runId} is ${state.verdict ?? 'under way'}`,
        expected: 'a live run that succeeded, with its way back open',
        next: '`roundtrip status` shows where production is',
      });
    }
    const watched = plan.steps.some(
      (step) => step.kind === 'watch' && stepState(state, step.id).do.phase === 'verified',
    );
    if (!watched && options.early === undefined) {
      throw new Refused({
        code: 'finish-early',
        seen: 'no watch of this run has passed',
        expected: 'the way back to stay open until one has',
        next: 'watch first, or --early "why it may be closed now"',
      });
    }
    if (state.direction !== 'closing') {
      await journal.append({
        type: 'finish-started',
        reason: options.early ?? 'the watch passed',
        operator: operation.operator,
      });
    }
    return carryOn(held, plan, journal);
  });
}

function wayBackClosed(runId: string): Refused {
  return new Refused({
    code: 'way-back-finished',
    seen: `the way back of run ${runId} was closed by \`roundtrip finish\``,
    expected: 'an open way back',
    next: 'only the backup is left: a restore from it loses what was written since; decide that by hand',
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
