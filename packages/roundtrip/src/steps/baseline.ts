import { Failed } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { type Duration, durationMs, formatMs } from '../runbook/duration.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { buildSources } from '../watch/build-sources.ts';
import { givesRequests } from '../watch/settled-watch.ts';
import { takeBaseline } from '../watch/take-baseline.ts';
import type { WatchPlan } from '../watch/watch-plan.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';

export interface BaselineArgs extends JsonObject {
  /** The `WatchPlan` of the watch that will compare with it, as plain data. */
  readonly watch: JsonObject;
  /** Watch time. */
  readonly durationMs: number;
}

/**
 * Measures what the target is like before the change, with the sources of the watch: put it before the first step that
 * closes the door. The watch then tells "worse than before" from "as bad as it was": twice the baseline's error rate or
 * p95, proven, is no pass even below the absolute limits, and a YES for errors that were there before asks.
 *
 * @example baseline({ plan: watchPlan(shop, target), lasts: '10min', planned: '10min' })
 */
export function baseline(
  options: StepCommon & { readonly plan: WatchPlan; readonly lasts?: Duration | undefined },
): StepSpec {
  return stepSpec({
    kind: 'baseline',
    defaultId: 'baseline',
    defaultTitle: 'Measure the target before the change',
    effect: 'none',
    common: options,
    args: {
      watch: JSON.parse(JSON.stringify(options.plan)) as JsonObject,
      durationMs: durationMs(options.lasts ?? '10min'),
    },
  });
}

/** A baseline that was cut off is taken anew: it is short, and nothing has been changed. */
export const baselineKind = anyStepKind<BaselineArgs>({
  kind: 'baseline',
  inspect: async () => 'not-done',
  async do(context, args) {
    const plan = comparable(args.watch as unknown as WatchPlan);
    context.log(
      `measuring for ${formatMs(args.durationMs)}: ${plan.sources.map(({ name }) => name).join(', ')}`,
    );
    const taken = await takeBaseline({
      plan,
      matrix: context.plan.matrix,
      sources: buildSources({ plan, matrix: context.plan.matrix, query: noQuery }),
      durationMs: args.durationMs,
      now: context.now,
      signal: context.signal,
    });
    const requests = Object.values(taken.sources).reduce((sum, source) => sum + source.requests, 0);
    const errors = Object.values(taken.sources).reduce((sum, source) => sum + source.errors, 0);
    if (requests === 0) throw nothingMeasured(context, plan, args.durationMs);
    context.log(`before the change: ${requests} requests, ${errors} errors`);
    return JSON.parse(JSON.stringify({ ...taken, requests, errors })) as JsonObject;
  },
  verify: async () => ({}),
});

/** Only requests are compared with: queries may ask for tables that come with the change. */
function comparable(plan: WatchPlan): WatchPlan {
  return {
    ...plan,
    sources: plan.sources.filter(givesRequests),
    goals: plan.goals.filter(({ metric }) => metric === 'errorRate' || metric === 'latencyMs'),
  };
}

/** No source that gives requests is a query. */
const noQuery = (): Promise<never> => Promise.reject(new Error('a baseline asks no database'));

/** Nothing was changed yet: better to learn now than after the night that the watch will see nothing. */
function nothingMeasured(context: StepContext, plan: WatchPlan, lastedMs: number): Failed {
  return new Failed({
    code: 'baseline-empty',
    seen: `no request in ${formatMs(lastedMs)} from ${plan.sources.map(({ name }) => name).join(', ') || 'any source'}`,
    expected: `requests before the change, so that "${context.step.id}" gives the watch something to compare with`,
    next: 'check the sources of the watch: a watch that sees nothing now would see nothing after the switch',
  });
}
