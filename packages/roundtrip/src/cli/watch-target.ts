import { existsSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import type { Alert } from '../alerts/alert.ts';
import { ofWatch } from '../alerts/alert-of-record.ts';
import type { Delivery } from '../alerts/deliver.ts';
import { createOutbox } from '../alerts/outbox.ts';
import { digestOf } from '../digest.ts';
import { latestRun } from '../engine/run-view.ts';
import { stepState } from '../journal/fold.ts';
import type { StateFolder } from '../journal/run-directory.ts';
import { stepOfKind } from '../journal/table-proof.ts';
import type { Runbook } from '../runbook/runbook.ts';
import type { Target } from '../runbook/target.ts';
import { baselineOfEvidence } from '../steps/watch.ts';
import { watchSession } from '../steps/watch-session.ts';
import { buildSources } from '../watch/build-sources.ts';
import { foldWatch } from '../watch/fold-watch.ts';
import { runWatch, type WatchPlan } from '../watch/run-watch.ts';
import { samplesFile } from '../watch/samples-file.ts';
import { type Baseline, type SettledWatch, settleWatch } from '../watch/settled-watch.ts';
import { standingOf } from '../watch/standing.ts';
import { viewWatch, type WatchView } from '../watch/view-watch.ts';
import { endedEvent, type WatchEvent } from '../watch/watch-event.ts';
import type { CliEnvironment } from './environment.ts';

/** A watch of a target without a run. */
export interface TargetWatch {
  readonly runbook: Runbook;
  readonly target: Target;
  readonly plan: WatchPlan;
  readonly baseline: Baseline | undefined;
  /** Where its samples are: the same file goes on where it was. */
  readonly file: string;
  /** Whether people are told over the target's channels. */
  readonly tells: boolean;
}

/**
 * Where the samples of a watch are kept unless somebody names a file: the same sources, goals and target find the same
 * file again. One that ended is put aside by `putAside`, so that the next begins anew.
 */
export function samplesOf(state: StateFolder, target: Target, plan: WatchPlan): string {
  const folder = path.join(state.root, 'watches');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { durationMs: _long, extensionMsMax: _longer, ...what } = plan;
  return path.join(folder, `${target.name}-${digestOf(what).slice(0, 12)}.samples.ndjson`);
}

/** Moves the samples away, with the time in their name; none are thrown away. */
export function putAside(file: string, now: Date): void {
  if (!existsSync(file)) return;
  renameSync(file, `${file}.${now.toISOString().slice(0, 19).replaceAll(':', '-')}`);
}

/** The baseline that the newest live run of the target took before its change. */
export function latestBaseline(state: StateFolder, target: Target): Baseline | undefined {
  const run = latestRun(state, { target: target.name, kind: 'live' });
  const step = run === undefined ? undefined : stepOfKind(run.plan, 'baseline');
  if (run === undefined || step === undefined) return undefined;
  return baselineOfEvidence(stepState(run.state, step.id).do.evidence);
}

/**
 * Watches a target until its watch is over, from its samples so far. Changes nothing on the target.
 *
 * @throws Refused `bad-watch`, `histogram-blind`; the signal's reason when interrupted: the samples stay.
 */
export async function watchTarget(
  environment: CliEnvironment,
  watch: TargetWatch,
  hooks: { readonly redact: (text: string) => string; readonly say: (line: string) => void },
): Promise<{ readonly view: WatchView; readonly undelivered: readonly Delivery[] }> {
  const { plan, runbook, target, baseline } = watch;
  const { matrix } = runbook;
  const settled = settleWatch({ plan, matrix, baseline });
  const samples = samplesFile(watch.file);
  const previousSamples = samples.read();
  const teller = tellerOf(watch, { ...hooks, now: environment.now });
  const session = watchSession(target.database, 'roundtrip watch');
  try {
    const result = await runWatch({
      plan,
      matrix,
      baseline,
      previousSamples,
      sources: buildSources({ plan, matrix, query: session.query }),
      append: samples.append,
      now: environment.now,
      signal: environment.signal,
      onNote: hooks.say,
      onEvent: teller.tell,
      told: toldBefore(settled, previousSamples),
    });
    teller.tell(endedEvent(result));
  } finally {
    await session.end();
    await teller.settle();
  }
  return { view: viewWatch(settled, foldWatch(settled, samples.peek())), undelivered: teller.undelivered };
}

/** Without a journal there is nothing to owe: what the samples show already was told, or nobody is told any more. */
function toldBefore(settled: SettledWatch, samples: Parameters<typeof foldWatch>[1]) {
  const state = foldWatch(settled, samples);
  return { notes: state.notes.length, standing: standingOf(settled, state).standing };
}

const SETTLE_MS = 10_000;

function tellerOf(
  { target, tells, file }: TargetWatch,
  hooks: {
    readonly redact: (text: string) => string;
    readonly say: (line: string) => void;
    readonly now: () => Date;
  },
) {
  const undelivered: Delivery[] = [];
  const outbox = createOutbox({
    channels: tells ? (target.alerts ?? []) : [],
    redact: hooks.redact,
    onDelivery: (delivery) => {
      if (delivery.delivered) return;
      undelivered.push(delivery);
      hooks.say(`ALERT NOT DELIVERED to ${delivery.channel} (${delivery.event}): ${delivery.seen}`);
    },
  });
  const watch = path.basename(file, '.samples.ndjson');
  return {
    undelivered,
    tell(event: WatchEvent): void {
      outbox.post(alertOfWatch({ event, watch, target, at: hooks.now().toISOString() }));
    },
    settle: () => outbox.settle(SETTLE_MS),
  };
}

function alertOfWatch(about: {
  readonly event: WatchEvent;
  readonly watch: string;
  readonly target: Target;
  readonly at: string;
}): Alert {
  const { event, watch, target, at } = about;
  const { title, lines = [], ...said } = ofWatch(event);
  return {
    ...said,
    id: `watch/${watch}/${event.atMs}/${event.event}/${event.told.notes}`,
    title: `watch of ${target.name}: ${title}`,
    lines,
    next: [],
    runId: `watch ${watch}`,
    target: target.name,
    at,
  };
}
