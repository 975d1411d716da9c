import { setTimeout as delay } from 'node:timers/promises';
import type { RunPlace } from '../control/run-files.ts';
import { asRoundtripError, Failed, type RoundtripError } from '../errors.ts';
import { applyRecord, foldJournal, type RunState, stepState } from '../journal/fold.ts';
import type { JournalStore } from '../journal/journal-file.ts';
import type { Act, JournalBody, JournalRecord, OutcomeRecord, RecordedError } from '../journal/record.ts';
import type { JsonObject } from '../json.ts';
import type { Plan } from '../runbook/plan.ts';
import type { StepContext, StepKind, StepKinds } from '../steps/step-kind.ts';
import { type Decision, decide, hasChanged } from './decide.ts';
import { errorOfAct } from './error-of-act.ts';
import { filesElsewhere } from './files-elsewhere.ts';
import { journalLost } from './journal-lost.ts';

const AFTER_LOST_SESSION_MS = 1_000;

/** What the loop needs from outside. */
export interface Execution {
  readonly plan: Plan;
  readonly journal: JournalStore;
  readonly kinds: StepKinds;
  readonly runDirectory: string;
  /** Where other machines keep files of this run that are not to be seen from here. */
  readonly elsewhere?: readonly RunPlace[] | undefined;
  readonly operator: string;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly log: (line: string, step: string) => void;
  /** Takes secrets out of an error before it is recorded. */
  readonly redact?: ((text: string) => string) | undefined;
  /** Told of every record right after it is durable. */
  readonly onRecord?: ((record: JournalRecord, state: RunState) => void) | undefined;
  /**
   * A seam for fault tests: called before and after every append and every effect with the boundary's name, such as
   * `"before do:migrate"`. The product passes nothing here.
   */
  readonly onBoundary?: ((boundary: string) => void) | undefined;
}

/** Why the loop stopped. */
export type Halt =
  | Extract<Decision, { next: 'ask-approval' | 'ask-human' | 'stuck' | 'none' }>
  /** `code` where an error of ours was the reason, such as `lock-lost`. */
  | { readonly next: 'interrupted'; readonly reason: string; readonly code?: string | undefined };

/**
 * The one loop that performs effects: decide, write the intent, act, write the outcome, again. Returns when the run
 * is finished, waits for a human, is stuck or was interrupted; everything else it needs to go on is in the journal.
 */
export async function execute(
  execution: Execution,
): Promise<{ readonly halt: Halt; readonly state: RunState }> {
  let state = foldJournal(execution.journal.records);
  const append = async (body: JournalBody): Promise<void> => {
    execution.onBoundary?.(`before append:${label(body)}`);
    const record = await kept(execution, body, state);
    state = applyRecord(state, record);
    execution.onRecord?.(record, state);
    execution.onBoundary?.(`after append:${label(body)}`);
  };
  try {
    for (;;) {
      if (execution.signal.aborted) return { halt: interrupted(execution.signal), state };
      const decision = decide(execution.plan, state);
      switch (decision.next) {
        case 'act':
          await performAct({ execution, decision, append, read: () => state });
          break;
        case 'roll-back':
          await append({
            type: 'rollback-started',
            reason: decision.reason,
            automatic: true,
            operator: execution.operator,
          });
          break;
        case 'finish':
          await append({ type: 'run-finished', verdict: decision.verdict });
          break;
        default:
          return { halt: decision, state };
      }
    }
  } catch (error) {
    // A store whose lock went to somebody else takes not even the word that the step was stopped.
    if (execution.signal.aborted && asRoundtripError(error).code === 'lock-lost')
      return { halt: interrupted(execution.signal), state };
    throw error;
  }
}

async function kept(execution: Execution, body: JournalBody, state: RunState): Promise<JournalRecord> {
  try {
    return await execution.journal.append(body);
  } catch (error) {
    throw journalLost(error, { body, changed: hasChanged(execution.plan, state) });
  }
}

function interrupted({ reason }: AbortSignal): Halt {
  if (!(reason instanceof Error)) return { next: 'interrupted', reason: String(reason) };
  const { seen, code } = asRoundtripError(reason);
  return { next: 'interrupted', reason: seen, code };
}

function label(body: JournalBody): string {
  if (body.type === 'mark') return `mark:${body.step}:${body.act}:${body.name}`;
  return 'step' in body && 'act' in body ? `${body.type}:${body.step}:${body.act}` : body.type;
}

interface ActRequest {
  readonly execution: Execution;
  readonly decision: Extract<Decision, { next: 'act' }>;
  readonly append: (body: JournalBody) => Promise<void>;
  readonly read: () => RunState;
}

async function performAct(request: ActRequest): Promise<void> {
  const { execution, decision, append } = request;
  const { step, act, attempt } = decision;
  await append({ type: 'intent', step: step.id, act, attempt });
  // Not by the clock, which may be set while the step runs: a receipt would then promise a rollback of minus an hour.
  const startedMs = performance.now();
  const outcome = async (
    rest: Omit<OutcomeRecord, 'type' | 'step' | 'act' | 'durationMs'>,
  ): Promise<void> => {
    await append({
      type: 'outcome',
      step: step.id,
      act,
      durationMs: Math.round(performance.now() - startedMs),
      ...rest,
    });
  };
  const deadline = AbortSignal.timeout(step.timeoutMs);
  const context = stepContext(request, AbortSignal.any([execution.signal, deadline]));
  try {
    execution.onBoundary?.(`before ${act}:${step.id}`);
    const result = await callKind(requireKind(execution.kinds, step.kind), act, context);
    execution.onBoundary?.(`after ${act}:${step.id}`);
    await outcome({ ok: true, ...result });
  } catch (thrown) {
    const error = errorOfAct(thrown, { step, deadline, interruption: execution.signal });
    if (error.code === 'journal-unwritable') throw error; // The journal cannot record its own failure.
    // What another machine can still do has not failed.
    const away = filesElsewhere(error, { ...execution, changed: hasChanged(execution.plan, request.read()) });
    if (away !== undefined) throw away;
    await outcome({
      ok: false,
      error: recordedError(error, execution.redact),
      interrupted: execution.signal.aborted ? true : undefined,
    });
    // A server that lost one session is often about to lose them all: three attempts at once would meet the same moment.
    if (error.code === 'session-lost')
      await delay(AFTER_LOST_SESSION_MS, undefined, { signal: execution.signal }).catch(() => undefined);
  }
}

async function callKind(
  kind: StepKind,
  act: Act,
  context: StepContext,
): Promise<Pick<OutcomeRecord, 'evidence' | 'inspection'>> {
  const { args } = context.step;
  switch (act) {
    case 'do':
      return { evidence: await kind.do(context, args) };
    case 'verify':
      return { evidence: await kind.verify(context, args) };
    case 'undo':
      return { evidence: (await kind.undo?.(context, args)) ?? {} };
    case 'finish':
      return { evidence: (await kind.finish?.(context, args)) ?? {} };
    case 'inspect-do':
      return { inspection: await kind.inspect(context, args) };
    case 'inspect-undo':
      // Every undo is idempotent: where a kind cannot tell, undoing again is the safe direction.
      return { inspection: (await kind.inspectUndo?.(context, args)) ?? 'not-done' };
  }
}

function stepContext(request: ActRequest, signal: AbortSignal): StepContext {
  const { execution, decision, append, read } = request;
  const { step, act } = decision;
  const evidenceOf = (id: string): JsonObject => stepState(read(), id).do.evidence;
  const effect = act === 'finish' ? 'finish' : act === 'undo' || act === 'inspect-undo' ? 'undo' : 'do';
  return {
    plan: execution.plan,
    step,
    runId: read().started.runId,
    runKind: read().started.kind,
    runDirectory: execution.runDirectory,
    signal,
    timeoutMs: step.timeoutMs,
    evidenceOf,
    evidenceOfKind: (kind) => {
      const found = execution.plan.steps.find((candidate) => candidate.kind === kind);
      return found === undefined ? {} : evidenceOf(found.id);
    },
    undoEvidenceOfKind: (kind) => {
      const found = execution.plan.steps.find((candidate) => candidate.kind === kind);
      return found === undefined ? {} : stepState(read(), found.id).undo.evidence;
    },
    get marks() {
      return stepState(read(), step.id)[effect].marks;
    },
    get marksOfDo() {
      return stepState(read(), step.id).do.marks;
    },
    mark: (name, data) => append({ type: 'mark', step: step.id, act, name, data }),
    log: (line) => execution.log(line, step.id),
    now: execution.now,
  };
}

function requireKind(kinds: StepKinds, name: string): StepKind {
  const kind = kinds.get(name);
  if (kind !== undefined) return kind;
  throw new Failed({
    code: 'unknown-step-kind',
    seen: `no step kind "${name}"`,
    expected: `one of: ${[...kinds.keys()].join(', ')}`,
    next: 'correct the runbook, or run it with the version of the tool that knows the kind',
  });
}

/** What a child said last is part of its error: the journal, and with it report, terminal and alerts, get it without secrets. */
function recordedError(error: RoundtripError, redact: Execution['redact']): RecordedError {
  const { outcome, code, expected, next } = error;
  return { outcome, code, seen: redact?.(error.seen) ?? error.seen, expected, next };
}
