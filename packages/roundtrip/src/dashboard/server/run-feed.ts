import type { RunView } from '../../engine/run-view.ts';
import { wayBackLight } from '../../engine/way-back-light.ts';
import { asRoundtripError } from '../../errors.ts';
import { runFilesFolder } from '../../journal/run-directory.ts';
import type { DashboardView, WayBackView } from '../view/dashboard-view.ts';
import { makeView } from '../view/make-view.ts';
import { type StepDetail, stepDetail } from '../view/step-detail.ts';
import { type WatchSeries, watchSeries, watchStep } from '../view/watch-series.ts';
import type { WatchView } from '../view/watch-view.ts';
import { wayBackUnderWay } from '../view/way-back-under-way.ts';
import type { RunReader } from './run-reader.ts';
import { newestSamples, type SamplesTail, samplesTail } from './samples-tail.ts';

/** Looks at one run, again and again. Everything it keeps can be made anew from the run's files. */
export interface RunFeed {
  /** The run as it is now. Reads the journal only when it has grown. */
  view(): DashboardView;
  step(step: string): StepDetail | undefined;
}

/** How long a look at the way back is good for. It opens sessions on production, so that it is not made at every change. */
const LOOK_EVERY_MS = 10_000;
const SAMPLES_AT_ONCE = 2_000;

/**
 * @example runFeed({ reader, runId, now: () => new Date() }).view().phase
 */
export function runFeed(source: {
  readonly reader: RunReader;
  readonly runId: string;
  readonly now: () => Date;
}): RunFeed {
  const { reader, runId, now } = source;
  let known: { readonly version: string; readonly run: RunView } | undefined;
  const watch = watchFeed(reader, runId);
  const wayBack = wayBackFeed(now);
  const read = (): RunView => {
    const version = reader.version(runId);
    if (known?.version !== version) known = { version, run: reader.read(runId) };
    return known.run;
  };
  return {
    view() {
      const run = read();
      const receipt = reader.receiptOf(run);
      return makeView({
        plan: run.plan,
        state: run.state,
        receipt,
        operating: reader.operating(),
        wayBack: wayBack.look(run, receipt?.rollbackMs),
        watch: watch.view(run),
        nowMs: now().getTime(),
      });
    },
    step(step) {
      const { plan, state, records } = read();
      return stepDetail({ plan, state, records, step, log: reader.logOf(runId, step) });
    },
  };
}

/** Follows the samples of the run's watch, from the newest attempt's file. */
function watchFeed(reader: RunReader, runId: string): { view(run: RunView): WatchView | null } {
  let file: string | undefined;
  let tail: SamplesTail | undefined;
  let series: WatchSeries | undefined;
  let backlog: ReturnType<SamplesTail['next']> = [];
  return {
    view(run) {
      const step = watchStep(run.plan);
      if (step === undefined) return null;
      const newest = newestSamples(runFilesFolder(reader.state, runId), step.id);
      if (series === undefined || newest !== file) {
        file = newest;
        tail = newest === undefined ? undefined : samplesTail(newest);
        series = watchSeries({ plan: run.plan, state: run.state, step });
        backlog = [];
      }
      let problem: string | null = null;
      try {
        backlog = [...backlog, ...(tail?.next() ?? [])];
      } catch (error) {
        problem = asRoundtripError(error).seen;
      }
      // A day of samples is folded in portions, so that the first page does not wait for all of it.
      for (const sample of backlog.slice(0, SAMPLES_AT_ONCE)) series.add(sample);
      backlog = backlog.slice(SAMPLES_AT_ONCE);
      return series.view(run.state, problem);
    },
  };
}

/** The last look at the databases; the next is begun in passing, and shown when it is there. */
function wayBackFeed(now: () => Date): {
  look(run: RunView, rollbackMs: number | undefined): WayBackView | undefined;
} {
  let last: WayBackView | undefined;
  let lookedMs = 0;
  let looking = false;
  return {
    look(run, rollbackMs) {
      if (wayBackUnderWay(run.plan, run.state) !== undefined) return undefined;
      if (looking || now().getTime() - lookedMs < LOOK_EVERY_MS) return last;
      looking = true;
      void wayBackLight(run.plan, run.state, rollbackMs)
        .then(({ light, reasons, retainedBytes, capBytes, lagBytes, customers }) => {
          const lookedAtMs = now().getTime();
          last = { light, reasons, retainedBytes, capBytes, lagBytes, customers, lookedAtMs };
        })
        .finally(() => {
          lookedMs = now().getTime();
          looking = false;
        });
      return last;
    },
  };
}
