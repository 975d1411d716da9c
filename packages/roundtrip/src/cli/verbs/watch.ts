import { setTimeout as sleep } from 'node:timers/promises';
import { Refused } from '../../errors.ts';
import { stepState } from '../../journal/fold.ts';
import { runFilesFolder } from '../../journal/run-directory.ts';
import { stepOfKind } from '../../journal/table-proof.ts';
import { durationMs } from '../../runbook/duration.ts';
import { requireTarget, stepsOf } from '../../runbook/plan.ts';
import { baselineOfEvidence, type WatchArgs, watchSamples } from '../../steps/watch.ts';
import { foldWatch } from '../../watch/fold-watch.ts';
import type { WatchPlan, WatchResult } from '../../watch/run-watch.ts';
import { samplesFile } from '../../watch/samples-file.ts';
import { settleWatch } from '../../watch/settled-watch.ts';
import { viewWatch, type WatchView } from '../../watch/view-watch.ts';
import { type CliEnvironment, loadRunbook, operationOf } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import { openStore } from '../open-store.ts';
import { renderWatch } from '../render-watch.ts';
import { type RegisterVerb, type RunOptions, requireRun } from '../verb.ts';
import { latestBaseline, putAside, samplesOf, watchTarget } from '../watch-target.ts';

interface WatchOptions extends RunOptions {
  readonly file?: string | undefined;
  readonly for?: string | undefined;
  readonly speed?: string | undefined;
  readonly samples?: string | undefined;
  readonly anew?: boolean | undefined;
  readonly follow?: boolean | undefined;
  readonly alerts: boolean;
}

/** `roundtrip watch`: the watch of a run as it stands, or a watch of a target by itself. */
export const registerWatch: RegisterVerb = (program, run) => {
  program
    .command('watch')
    .description('show the watch of a run; with a runbook or --for: watch a target without a run')
    .argument('[file]', 'a runbook whose watch is run by itself')
    .option('--run <id>', 'the run whose watch is shown')
    .option('--target <name>')
    .option('--follow', 'show the watch of a run until it has ended')
    .option(
      '--for <duration>',
      'watch by itself for this long ("10m", "24h") instead of what the runbook says',
    )
    .option('--speed <factor>', 'watch time per real time, for demos and drills')
    .option('--samples <file>', 'where the samples of a watch by itself are; it goes on from there')
    .option('--anew', 'put the samples of an interrupted watch aside and begin anew')
    .option('--no-alerts', 'tell nobody over the channels of the target')
    .action(
      run<WatchOptions>((environment, options) =>
        options.file !== undefined || options.for !== undefined || options.speed !== undefined
          ? watchByItself(environment, options)
          : showRun(environment, options),
      ),
    );
};

/** The watch of a run, from its plan, its journal and its samples. Reads only. */
async function showRun(environment: CliEnvironment, options: WatchOptions): Promise<number> {
  for (;;) {
    const view = await viewOfRun(environment, options);
    const exitCode = exitCodeOf(view, EXIT.failedChanged);
    if (view.ended || options.follow !== true) {
      show(environment, options, view, exitCode);
      return exitCode;
    }
    if (options.json !== true) environment.stderr.write(`${oneLine(view)}\n`);
    try {
      await sleep(Math.max(FOLLOW_MS_MIN, view.intervalMs), undefined, { signal: environment.signal });
    } catch (error) {
      if (!environment.signal.aborted) throw error;
      return EXIT.interrupted;
    }
  }
}

const FOLLOW_MS_MIN = 2_000;

type RunWatchView = WatchView & { readonly intervalMs: number };

async function viewOfRun(environment: CliEnvironment, options: WatchOptions): Promise<RunWatchView> {
  const { state: folder } = await openStore(environment, options);
  const { runId, plan, state } = requireRun(folder, options);
  const step = stepOfKind(plan, 'watch');
  if (step === undefined) throw noWatch(`run ${runId} has no watch step`);
  const watchPlan = (step.args as WatchArgs).watch as unknown as WatchPlan;
  const before = stepOfKind(plan, 'baseline');
  const settled = settleWatch({
    plan: watchPlan,
    matrix: plan.matrix,
    baseline: before === undefined ? undefined : baselineOfEvidence(stepState(state, before.id).do.evidence),
  });
  const attempt = Number(stepState(state, step.id).do.marks.watch?.attempt ?? 1);
  const samples = samplesFile(watchSamples(runFilesFolder(folder, runId), step.id, attempt)).peek();
  const view = viewWatch(settled, foldWatch(settled, samples));
  // A run that went back or was sent on by a human takes no more samples, whatever its watch lacks.
  const ended = view.ended || state.verdict !== undefined || state.direction !== 'forward';
  return { ...view, ended, intervalMs: watchPlan.intervalMs / (watchPlan.speed ?? 1) };
}

async function watchByItself(environment: CliEnvironment, options: WatchOptions): Promise<number> {
  if (options.target === undefined) throw usage('no --target', '--target <name>');
  const runbook = await loadRunbook(environment, {
    ...options,
    ...(options.file === undefined ? {} : { runbook: options.file }),
  });
  const target = requireTarget(runbook, options.target);
  const step = stepsOf(runbook, target).find(({ kind }) => kind === 'watch');
  if (step === undefined) throw noWatch(`runbook "${runbook.name}" has no watch step`);
  const plan = planFor((step.args as WatchArgs).watch as unknown as WatchPlan, options);
  const store = await openStore(environment, options);
  const { state } = store;
  const { redact } = operationOf(environment, store, runbook);
  const file = options.samples ?? samplesOf(state, target, plan);
  if (options.anew === true) putAside(file, environment.now());
  const say = (line: string): void => {
    if (options.json === true)
      environment.stdout.write(`${JSON.stringify({ version: 1, type: 'line', line: redact(line) })}\n`);
    else environment.stderr.write(`${environment.now().toISOString().slice(11, 19)} ${redact(line)}\n`);
  };
  say(`samples: ${file}`);
  try {
    const baseline = latestBaseline(state, target);
    if (baseline !== undefined) say(`compared with the baseline of ${baseline.takenAt}`);
    const { view, undelivered } = await watchTarget(
      environment,
      { runbook, target, plan, baseline, file, tells: options.alerts },
      { redact, say },
    );
    if (options.samples === undefined) putAside(file, environment.now());
    const exitCode = exitCodeOf(view, EXIT.failedUnchanged);
    show(environment, options, view, exitCode, { undelivered });
    return exitCode;
  } catch (error) {
    if (!environment.signal.aborted) throw error;
    say('interrupted; the same command goes on from its samples, and the time between is a gap');
    if (options.json === true)
      environment.stdout.write(
        `${JSON.stringify({ version: 1, type: 'verdict', exitCode: EXIT.interrupted, verdict: 'interrupted', samples: file })}\n`,
      );
    return EXIT.interrupted;
  }
}

function planFor(plan: WatchPlan, options: WatchOptions): WatchPlan {
  const speed = options.speed === undefined ? plan.speed : Number(options.speed);
  if (speed !== undefined && !(Number.isFinite(speed) && speed > 0))
    throw usage(`--speed ${options.speed}`, 'a number above 0, such as --speed 12');
  if (options.for === undefined) return { ...plan, speed };
  // "10m" is what everybody types; a runbook says "10min", where m could be read as months.
  const durationOf = durationMs(options.for.replaceAll(/(\d)m(?=\s|$)/g, '$1min'));
  return { ...plan, speed, durationMs: durationOf, extensionMsMax: undefined };
}

/** A watch that has not ended has no verdict, and without one the answer is "inconclusive". */
function exitCodeOf(view: WatchView, failed: number): number {
  switch (verdictOf(view)) {
    case 'pass':
      return EXIT.success;
    case 'fail':
      return failed;
    case 'inconclusive':
      return EXIT.inconclusive;
  }
}

/** Half-way, good goals may break and broken ones recover. What decides at once ends the watch. */
function verdictOf({ ended, result }: WatchView): WatchResult['verdict'] {
  return ended ? result.verdict : 'inconclusive';
}

function show(
  { stdout }: CliEnvironment,
  options: WatchOptions,
  view: WatchView,
  exitCode: number,
  more: { readonly undelivered?: readonly unknown[] } = {},
): void {
  if (options.json !== true) {
    stdout.write(renderWatch(view));
    return;
  }
  const line = (data: object): void => void stdout.write(`${JSON.stringify({ version: 1, ...data })}\n`);
  const { result } = view;
  for (const window of view.windows) line({ type: 'window', ...window });
  for (const row of result.rows) line({ type: 'row', ...row });
  for (const source of view.sources) line({ type: 'source', ...source });
  for (const compared of view.compared) line({ type: 'compared', ...compared });
  for (const gap of result.gaps) line({ type: 'gap', ...gap });
  for (const note of result.notes) line({ type: 'note', ...note });
  const { rows: _rows, gaps: _gaps, notes: _notes, ...rest } = result;
  const { ended, standing } = view;
  line({ type: 'verdict', exitCode, ...rest, verdict: verdictOf(view), ended, standing, ...more });
}

function oneLine({ standing, result, durationMs: long }: WatchView): string {
  return `${standing}: ${Math.floor((100 * result.coveredMs) / long)} % covered, ${result.requests} requests, ${result.errors} errors, ${result.gaps.length} gaps`;
}

function usage(seen: string, expected: string): Refused {
  return new Refused({ code: 'usage', seen, expected, next: 'see `roundtrip watch --help`' });
}

function noWatch(seen: string): Refused {
  return new Refused({
    code: 'no-watch',
    seen,
    expected: 'a runbook with watch({ plan, … }) among its steps',
    next: 'add one to the runbook; `roundtrip status` shows the run',
  });
}
