import { type RunState, stepState } from '../../journal/fold.ts';
import type { JournalRecord } from '../../journal/record.ts';
import type { Json, JsonObject } from '../../json.ts';
import type { Plan } from '../../runbook/plan.ts';

/** One act as the journal recorded it: when, the how-manieth time, and how it ended. */
export interface AttemptView {
  readonly n: number;
  readonly at: string;
  readonly act: string;
  readonly attempt: number;
  readonly durationMs: number | null;
  readonly result: string;
  readonly seen: string | null;
}

/** What the drawer shows of a step. */
export interface StepDetail {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly owner: string;
  readonly effect: string;
  readonly timeoutMs: number;
  /** The command line where there is one, and all arguments. */
  readonly command: string | null;
  readonly args: JsonObject;
  readonly attempts: readonly AttemptView[];
  readonly evidence: { readonly do: JsonObject; readonly undo: JsonObject; readonly finish: JsonObject };
  readonly marks: readonly { readonly at: string; readonly name: string; readonly data: JsonObject }[];
  readonly log: readonly string[];
}

/**
 * The particulars of a step: its arguments from the plan, its attempts from the records, its evidence from the fold.
 * Undefined for a step that the plan does not have. Pure; whoever sends it redacts it.
 */
export function stepDetail(run: {
  readonly plan: Plan;
  readonly state: RunState;
  readonly records: readonly JournalRecord[];
  readonly step: string;
  readonly log: readonly string[];
}): StepDetail | undefined {
  const spec = run.plan.steps.find(({ id }) => id === run.step);
  if (spec === undefined) return undefined;
  const acts = stepState(run.state, spec.id);
  return {
    id: spec.id,
    title: spec.title,
    kind: spec.kind,
    owner: spec.owner,
    effect: spec.effect,
    timeoutMs: spec.timeoutMs,
    command: commandOf(spec.args),
    args: spec.args,
    attempts: attemptsOf(run.records, spec.id),
    evidence: { do: acts.do.evidence, undo: acts.undo.evidence, finish: acts.finish.evidence },
    marks: run.records.flatMap(({ at, body }) =>
      body.type === 'mark' && body.step === spec.id ? [{ at, name: body.name, data: body.data }] : [],
    ),
    log: run.log,
  };
}

function attemptsOf(records: readonly JournalRecord[], step: string): AttemptView[] {
  const attempts: AttemptView[] = [];
  for (const { n, at, body } of records) {
    if (body.type === 'intent' && body.step === step) {
      const { act, attempt } = body;
      attempts.push({ n, at, act, attempt, durationMs: null, result: 'begun', seen: null });
    } else if (body.type === 'decided' && body.step === step) {
      const seen = `${body.operator}: ${body.reason}`;
      attempts.push({ n, at, act: body.act, attempt: 0, durationMs: null, result: body.as, seen });
    } else if (body.type === 'outcome' && body.step === step) {
      const begun = attempts.pop();
      attempts.push({
        n: begun?.n ?? n,
        at: begun?.at ?? at,
        act: body.act,
        attempt: begun?.attempt ?? 1,
        durationMs: body.durationMs,
        result: body.interrupted === true ? 'interrupted' : (body.inspection ?? (body.ok ? 'ok' : 'failed')),
        seen: body.error?.seen ?? null,
      });
    }
  }
  return attempts;
}

/** A command line as one would type it; only for reading, so that quoting is by JSON where a word needs it. */
function commandOf(args: JsonObject): string | null {
  const { argv } = args;
  if (!Array.isArray(argv)) return null;
  return (argv as readonly Json[])
    .map(String)
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)))
    .join(' ');
}
