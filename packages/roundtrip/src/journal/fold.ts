import { Bug } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type {
  Act,
  AlertRecord,
  Inspection,
  JournalBody,
  JournalRecord,
  OutcomeRecord,
  RecordedError,
  RunStarted,
  Verdict,
} from './record.ts';

/**
 * Where one act (`do` or `undo`) of a step stands:
 *
 * | phase      | meaning                                                              |
 * |------------|----------------------------------------------------------------------|
 * | `pending`  | not begun                                                            |
 * | `begun`    | intent without outcome: unknown until inspected                      |
 * | `absent`   | inspected: it had not happened; may be begun again                   |
 * | `effected` | it happened; not verified yet                                        |
 * | `verified` | it happened and was looked at by other code                          |
 * | `failed`   | it ended with an error                                               |
 * | `unclear`  | inspection could not tell: a human decides                           |
 */
export type ActPhase = 'pending' | 'begun' | 'absent' | 'effected' | 'verified' | 'failed' | 'unclear';

export interface ActState {
  readonly phase: ActPhase;
  readonly attempts: number;
  readonly startedAt?: string | undefined;
  readonly endedAt?: string | undefined;
  readonly durationMs: number;
  readonly evidence: JsonObject;
  readonly error?: RecordedError | undefined;
  /** How often it ended in doubt since somebody last decided. */
  readonly ambiguous?: number | undefined;
  /** What the step noted while acting, by name: the last data of each. */
  readonly marks: Readonly<Record<string, JsonObject>>;
}

export interface StepState {
  readonly do: ActState;
  readonly undo: ActState;
  readonly finish: ActState;
  readonly approval?:
    | { readonly operator: string; readonly comment: string; readonly at: string }
    | undefined;
}

/** Everything a run is, as a pure function of its journal. */
export interface RunState {
  readonly started: RunStarted;
  readonly startedAt: string;
  readonly direction: 'forward' | 'back' | 'closing';
  readonly rollback?:
    | { readonly reason: string; readonly automatic: boolean; readonly at: string }
    | undefined;
  readonly steps: Readonly<Record<string, StepState>>;
  readonly overrides: readonly {
    readonly what: string;
    readonly reason: string;
    readonly operator: string;
  }[];
  readonly verdict?: Verdict | undefined;
  readonly finishedAt?: string | undefined;
  readonly resumes: number;
  /** Alerts that people got, and the newest word on each that they did not. */
  readonly alerts: {
    readonly delivered: number;
    readonly undelivered: readonly (AlertRecord & { readonly at: string })[];
  };
  /** Number and hash of the last record: what notifications and receipts quote. */
  readonly head: { readonly n: number; readonly hash: string; readonly at: string };
}

const UNTOUCHED: ActState = { phase: 'pending', attempts: 0, durationMs: 0, evidence: {}, marks: {} };
const NEW_STEP: StepState = { do: UNTOUCHED, undo: UNTOUCHED, finish: UNTOUCHED };

/** The state of a step, also of one the journal has not mentioned yet. */
export function stepState(state: RunState, step: string): StepState {
  return state.steps[step] ?? NEW_STEP;
}

/**
 * Folds a journal into the state of its run. Pure; reads no clock.
 *
 * @throws Bug `journal-empty` when there is no `run-started` record first.
 */
export function foldJournal(records: readonly JournalRecord[]): RunState {
  const [first, ...rest] = records;
  if (first?.body.type !== 'run-started') {
    throw new Bug({
      code: 'journal-empty',
      seen: 'a journal that does not begin with run-started',
      expected: 'run-started first',
      next: 'report this',
    });
  }
  const initial: RunState = {
    started: first.body,
    startedAt: first.at,
    direction: 'forward',
    steps: {},
    overrides: [],
    resumes: 0,
    alerts: { delivered: 0, undelivered: [] },
    head: { n: first.n, hash: first.hash, at: first.at },
  };
  return rest.reduce(applyRecord, initial);
}

/** The state after one more record: what the engine applies after each append. */
export function applyRecord(state: RunState, record: JournalRecord): RunState {
  const head = { n: record.n, hash: record.hash, at: record.at };
  return { ...applyBody(state, record.body, record.at), head };
}

function applyBody(state: RunState, body: JournalBody, at: string): RunState {
  switch (body.type) {
    case 'run-started':
      throw new Bug({
        code: 'journal-restarted',
        seen: 'a second run-started',
        expected: 'one run a journal',
        next: 'report this',
      });
    case 'resumed':
      // Somebody has decided to go on: what ended in doubt may be tried as often again.
      return { ...state, resumes: state.resumes + 1, steps: mapValues(state.steps, undoubted) };
    case 'override':
      return {
        ...state,
        overrides: [...state.overrides, { what: body.what, reason: body.reason, operator: body.operator }],
      };
    case 'rollback-started':
      // Going back re-opens a finished run: a success can be rolled back hours later.
      return {
        ...state,
        direction: 'back',
        rollback: { reason: body.reason, automatic: body.automatic, at },
        verdict: undefined,
        finishedAt: undefined,
      };
    case 'finish-started':
      return { ...state, direction: 'closing', verdict: undefined, finishedAt: undefined };
    case 'run-finished':
      return { ...state, verdict: body.verdict, finishedAt: at };
    case 'alert':
      return { ...state, alerts: withAlert(state.alerts, body, at) };
    case 'approved':
      return withStep(state, body.step, (step) => ({
        ...step,
        approval: { operator: body.operator, comment: body.comment, at },
      }));
    case 'decided':
      return withAct(state, body.step, body.act, (act) => ({
        ...act,
        phase: body.as === 'done' ? 'effected' : 'absent',
        error: undefined,
        ambiguous: undefined,
      }));
    case 'intent':
      return applyIntent(state, body.step, body.act, body.attempt, at);
    case 'mark':
      return withAct(state, body.step, effectOf(body.act), (act) => ({
        ...act,
        marks: { ...act.marks, [body.name]: body.data },
      }));
    case 'outcome':
      return applyOutcome(state, body, at);
  }
}

/** An alert that got through later is not undelivered any more. */
function withAlert(alerts: RunState['alerts'], body: AlertRecord, at: string): RunState['alerts'] {
  const others = alerts.undelivered.filter(({ id, channel }) => id !== body.id || channel !== body.channel);
  return body.delivered
    ? { delivered: alerts.delivered + 1, undelivered: others }
    : { ...alerts, undelivered: [...others, { ...body, at }] };
}

function applyIntent(state: RunState, step: string, act: Act, attempt: number, at: string): RunState {
  // The others have no effects; a lost inspect or verify is simply repeated.
  if (act !== 'do' && act !== 'undo' && act !== 'finish') return state;
  return withAct(state, step, act, (before) => ({
    ...before,
    phase: 'begun',
    attempts: attempt,
    startedAt: before.startedAt ?? at,
    endedAt: undefined,
    error: undefined,
  }));
}

function undoubted(step: StepState): StepState {
  const again = (act: ActState): ActState => ({ ...act, ambiguous: undefined });
  return { ...step, do: again(step.do), undo: again(step.undo), finish: again(step.finish) };
}

function mapValues<T>(record: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function applyOutcome(state: RunState, body: OutcomeRecord, at: string): RunState {
  return withAct(state, body.step, effectOf(body.act), (act) => {
    const durationMs = act.durationMs + body.durationMs;
    // Interrupted or ambiguous: the effect may or may not have happened, so the act stays begun and is inspected.
    if (body.interrupted === true) return { ...act, durationMs, error: body.error };
    if (body.error?.outcome === 'ambiguous') {
      const ambiguous = (act.ambiguous ?? 0) + 1;
      return {
        ...act,
        phase: afterDoubt(act, body.act, ambiguous),
        durationMs,
        error: body.error,
        ambiguous,
      };
    }
    if (!body.ok) return { ...act, phase: 'failed', error: body.error, endedAt: at, durationMs };
    const evidence = { ...act.evidence, ...body.evidence };
    if (body.inspection !== undefined)
      return { ...act, phase: afterInspection(body.inspection, act.ambiguous), evidence, durationMs };
    return {
      ...act,
      phase: body.act === 'verify' ? 'verified' : 'effected',
      evidence,
      endedAt: at,
      durationMs,
    };
  });
}

/** An act that ended in doubt so often is not tried again before somebody has looked. */
const AMBIGUOUS_MAX = 3;

function afterInspection(inspection: Inspection, ambiguous = 0): ActPhase {
  if (inspection === 'done') return 'effected';
  return inspection === 'not-done' && ambiguous < AMBIGUOUS_MAX ? 'absent' : 'unclear';
}

/** After the last attempt there is one more look, which may itself end in doubt. */
function afterDoubt({ phase }: ActState, act: Act, ambiguous: number): ActPhase {
  if (act === 'finish') return ambiguous < AMBIGUOUS_MAX ? phase : 'failed';
  return ambiguous <= AMBIGUOUS_MAX ? phase : 'unclear';
}

function effectOf(act: Act): 'do' | 'undo' | 'finish' {
  if (act === 'finish') return 'finish';
  return act === 'undo' || act === 'inspect-undo' ? 'undo' : 'do';
}

function withStep(state: RunState, id: string, change: (step: StepState) => StepState): RunState {
  return { ...state, steps: { ...state.steps, [id]: change(stepState(state, id)) } };
}

function withAct(
  state: RunState,
  id: string,
  act: 'do' | 'undo' | 'finish',
  change: (act: ActState) => ActState,
): RunState {
  return withStep(state, id, (step) => ({ ...step, [act]: change(step[act]) }));
}
