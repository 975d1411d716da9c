import path from 'node:path';
import { Ambiguous, Failed, Refused } from '../errors.ts';
import type { Inspection } from '../journal/record.ts';
import type { JsonObject } from '../json.ts';
import { formatMs } from '../runbook/duration.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { buildSources } from '../watch/build-sources.ts';
import { runWatch, type WatchPlan, type WatchResult } from '../watch/run-watch.ts';
import { samplesFile } from '../watch/samples-file.ts';
import { type Baseline, settleWatch } from '../watch/settled-watch.ts';
import { endedEvent, WATCH_EVENT_MARK, type WatchEvent } from '../watch/watch-event.ts';
import { anyStepKind, type Finding, type StepContext } from './step-kind.ts';
import { applicationName } from './target-databases.ts';
import { watchSession } from './watch-session.ts';

export interface WatchArgs extends JsonObject {
  /** A `WatchPlan` as plain data: sources, goals, duration, speed. */
  readonly watch: JsonObject;
}

/**
 * Watches the target after the switch: probes and metrics, judged by the runbook's matrix. PASS goes on, a YES of the
 * matrix fails the step and rolls the run back where the runbook says so (`onYes: 'roll-back'`), everything else waits for a human: a MAYBE whose time is up, a
 * broken goal, too little data. A watch that breaks itself waits too: it is no reason to go back.
 *
 * @example watch({ plan: { durationMs: durationMs('24h'), sources: [...], ... }, planned: '24h' })
 */
export function watch(options: StepCommon & { readonly plan: WatchPlan }): StepSpec {
  return stepSpec({
    kind: 'watch',
    defaultId: 'watch',
    defaultTitle: 'Watch error rate, latency and load',
    effect: 'none',
    common: options,
    args: { watch: JSON.parse(JSON.stringify(options.plan)) as JsonObject },
  });
}

/**
 * The mark of this step. Samples survive a crash, so an interrupted watch goes on where it was; one that ended and was
 * sent on by a human begins anew with another file.
 */
interface WatchMark extends JsonObject {
  readonly state: 'watching' | 'ended';
  readonly attempt: number;
  /** Whether only a human can say how it goes on. */
  readonly asks: boolean;
}

const NOTES_IN_EVIDENCE = 50;

export const watchKind = anyStepKind<WatchArgs>({
  kind: 'watch',
  async check(context, args) {
    return [...checkPlan(context, planOf(args))];
  },
  async inspect(context): Promise<Inspection> {
    // Watching again after "a human decides" would come to the same end, again and again.
    return markOf(context)?.asks === true ? 'unknown' : 'not-done';
  },
  async do(context, args) {
    const attemptBefore = markOf(context)?.attempt;
    const attempt = await beginAttempt(context);
    // A new attempt begins with nothing told.
    const last = attempt === attemptBefore ? lastEvent(context) : undefined;
    const end = async (asks: boolean, seen: JsonObject): Promise<void> =>
      context.mark('watch', { state: 'ended', attempt, asks, ...seen });
    let result: WatchResult;
    try {
      result = await watchTarget(context, planOf(args), { attempt, last });
    } catch (cause) {
      context.signal.throwIfAborted();
      await end(true, { error: cause instanceof Error ? cause.message : String(cause) });
      throw brokeItself(context, cause);
    }
    return conclude({ context, plan: planOf(args), result, end });
  },
  verify: async () => ({}),
});

function planOf(args: WatchArgs): WatchPlan {
  return args.watch as unknown as WatchPlan;
}

function markOf(context: StepContext): WatchMark | undefined {
  return context.marks.watch as WatchMark | undefined;
}

async function beginAttempt(context: StepContext): Promise<number> {
  const mark = markOf(context);
  const attempt = mark === undefined ? 1 : mark.attempt + (mark.state === 'ended' && mark.asks ? 1 : 0);
  if (mark?.state !== 'watching') await context.mark('watch', { state: 'watching', attempt, asks: false });
  return attempt;
}

/** What would only show hours later: a watch that cannot judge, or a deadline before its end. */
function checkPlan(context: StepContext, plan: WatchPlan): readonly Finding[] {
  try {
    const { extensionMsMax } = settleWatch({ plan, matrix: context.plan.matrix });
    const neededMs = (plan.durationMs + extensionMsMax) / (plan.speed ?? 1);
    if (context.step.timeoutMs > neededMs) return [];
    return [
      {
        code: 'watch-timeout-too-short',
        severity: 'refusal',
        seen: `step "${context.step.id}" is ended after ${formatMs(context.step.timeoutMs)}`,
        expected: `more than ${formatMs(neededMs)}, the longest the watch may take with its gaps`,
        cure: 'raise `timeout` of the watch step',
      },
    ];
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { code, seen, expected, next } = error;
    return [{ code, severity: 'refusal', seen, expected, cure: next }];
  }
}

/** The samples of an attempt at a watch step, in the folder of its run. */
export function watchSamples(runDirectory: string, stepId: string, attempt: number): string {
  const suffix = attempt === 1 ? '' : `.${attempt}`;
  return path.join(runDirectory, `${stepId}${suffix}.samples.ndjson`);
}

/** The baseline that a step of the kind `baseline` left, if one did. */
export function baselineOfEvidence(evidence: JsonObject): Baseline | undefined {
  return 'sources' in evidence ? (evidence as unknown as Baseline) : undefined;
}

/** What an interrupted watch told people last. */
function lastEvent(context: StepContext): WatchEvent | undefined {
  return context.marks[WATCH_EVENT_MARK] as unknown as WatchEvent | undefined;
}

async function watchTarget(
  context: StepContext,
  plan: WatchPlan,
  { attempt, last }: { readonly attempt: number; readonly last: WatchEvent | undefined },
): Promise<WatchResult> {
  const samples = samplesFile(watchSamples(context.runDirectory, context.step.id, attempt));
  const { matrix } = context.plan;
  const session = watchSession(context.plan.target.database, applicationName(context));
  let newest = last;
  const mark = async (event: WatchEvent): Promise<void> => {
    newest = event;
    await context.mark(WATCH_EVENT_MARK, event as unknown as JsonObject);
  };
  try {
    const result = await runWatch({
      plan,
      matrix,
      sources: buildSources({ plan, matrix, query: session.query }),
      baseline: baselineOfEvidence(context.evidenceOfKind('baseline')),
      previousSamples: samples.read(),
      append: samples.append,
      now: context.now,
      signal: context.signal,
      onNote: (line) => context.log(line),
      onEvent: mark,
      told: last?.told,
    });
    if (newest?.event !== 'watch-ended') await mark(endedEvent(result, newest?.told));
    return result;
  } finally {
    await session.end();
  }
}

async function conclude(ended: {
  readonly context: StepContext;
  readonly plan: WatchPlan;
  readonly result: WatchResult;
  readonly end: (asks: boolean, seen: JsonObject) => Promise<void>;
}): Promise<JsonObject> {
  const { context, plan, end } = ended;
  const result = { ...ended.result, notes: ended.result.notes.slice(-NOTES_IN_EVIDENCE) };
  if (result.verdict === 'pass') return result;
  const goesBack = result.verdict === 'fail' && result.rollback === 'yes' && plan.onYes === 'roll-back';
  // The journal keeps of an error only its words: the numbers go into the mark.
  await end(!goesBack, { result });
  const parts = {
    seen: `the watch ended ${result.verdict}: ${result.reason}`,
    expected: 'every goal shown to hold, with enough requests',
    fields: { result },
  };
  if (goesBack) {
    const next = `${result.action ?? 'roll back'}: the matrix says YES, so the run goes back by itself`;
    throw new Failed({ ...parts, code: 'watch-failed', next });
  }
  throw new Ambiguous({
    ...parts,
    code: result.verdict === 'fail' ? 'watch-failed-maybe' : 'watch-inconclusive',
    next:
      `${result.decides ?? context.step.owner} decides (${result.action ?? 'look at the metrics'}): ` +
      `\`roundtrip approve --step ${context.step.id} --done\` or \`roundtrip rollback\``,
  });
}

function brokeItself(context: StepContext, cause: unknown): Ambiguous {
  return new Ambiguous({
    code: 'watch-broken',
    seen: `the watch itself stopped: ${cause instanceof Error ? cause.message : String(cause)}`,
    expected: 'a watch until its end; the target may be well',
    next: `look at the metrics, then \`roundtrip approve --step ${context.step.id} --done\` or \`roundtrip rollback\``,
    cause,
  });
}
