import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ambiguous, Failed } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { connect } from '../postgres/connection.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { buildSources } from '../watch/build-sources.ts';
import { runWatch, type WatchPlan, type WatchSample } from '../watch/run-watch.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';
import { applicationName } from './target-databases.ts';

export interface WatchArgs extends JsonObject {
  /** A `WatchPlan` as plain data: sources, windows, duration, speed. */
  readonly watch: JsonObject;
}

/**
 * Watches the target after the switch: probes and metrics, judged by the runbook's matrix. PASS goes on, a YES of the
 * matrix fails the step (and rolls the run back), anything inconclusive waits for a human.
 *
 * @example watch({ plan: { durationMs: durationMs('24h'), sources: [...] }, planned: '24h', timeout: '48h' })
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

/** Samples survive a crash here, so that the watch goes on where it was and knows its gap. */
function samplesFile(context: StepContext): string {
  return path.join(context.runDirectory, `${context.step.id}.samples.ndjson`);
}

function previousSamples(file: string): WatchSample[] {
  if (!existsSync(file)) return [];
  // A torn last line is a sample that was never judged: the watch simply takes the next one.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as WatchSample);
}

export const watchKind = anyStepKind<WatchArgs>({
  kind: 'watch',
  inspect: async () => 'not-done',
  async do(context, args) {
    const file = samplesFile(context);
    const client = await connect(context.plan.target.database, {
      applicationName: applicationName(context),
      statementTimeoutMs: 10_000,
    });
    try {
      const plan = args.watch as unknown as WatchPlan;
      const verdict = await runWatch({
        plan,
        matrix: context.plan.matrix,
        sources: buildSources(plan, { query: async (text) => (await client.query(text)).rows }),
        previousSamples: previousSamples(file),
        append: (sample) => appendFileSync(file, `${JSON.stringify(sample)}\n`, { mode: 0o600 }),
        now: context.now,
        signal: context.signal,
        onNote: (line) => context.log(line),
      });
      return conclude(verdict as unknown as JsonObject & { verdict: string; reason: string });
    } finally {
      await client.end();
    }
  },
  verify: async () => ({}),
});

function conclude(result: JsonObject & { readonly verdict: string; readonly reason: string }): JsonObject {
  if (result.verdict === 'pass') return result;
  const parts = {
    seen: `the watch ended ${result.verdict}: ${result.reason}`,
    expected: 'every goal held with enough samples',
    fields: { result: result as Json },
  };
  if (result.verdict === 'fail')
    throw new Failed({ ...parts, code: 'watch-failed', next: 'the matrix says roll back: the run does so' });
  throw new Ambiguous({
    ...parts,
    code: 'watch-inconclusive',
    next: 'decide with `roundtrip approve --step watch --done` or `roundtrip rollback`',
  });
}
