import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { JsonObject } from '../../src/json.ts';
import type { Plan } from '../../src/runbook/plan.ts';
import type { StepSpec } from '../../src/runbook/step-spec.ts';
import { type BaselineArgs, baseline, baselineKind } from '../../src/steps/baseline.ts';
import type { StepContext } from '../../src/steps/step-kind.ts';
import { type WatchArgs, watch, watchKind } from '../../src/steps/watch.ts';
import type { WatchPlan } from '../../src/watch/watch-plan.ts';
import { refusedUrl, serve } from '../watch/serve.ts';
import { MINUTE_MS } from '../watch/simulate.ts';

function planAt(url: string): WatchPlan {
  return {
    durationMs: MINUTE_MS,
    intervalMs: 10,
    extensionMsMax: 10 * MINUTE_MS,
    sources: [
      { kind: 'http', name: 'api', urls: [url], count: 30 },
      // A table that comes with the change.
      { kind: 'sql', name: 'colours', metric: 'missingColours', reads: 'rows', text: 'SELECT FROM not_yet' },
    ],
    goals: [{ metric: 'errorRate', max: 0.5 }],
  };
}

/** What the engine gives a step; the clock runs ahead a second a look. */
function contextOf(test: TestContext, step: StepSpec, before: JsonObject = {}): StepContext {
  const runDirectory = mkdtempSync(path.join(tmpdir(), 'baseline-'));
  test.after(() => rmSync(runDirectory, { recursive: true }));
  let looks = 0;
  const startedMs = Date.now();
  return {
    plan: {
      matrix: [],
      target: { name: 'production', database: { host: 'none', port: 1, user: 'none', database: 'none' } },
    } as unknown as Plan,
    step,
    runId: 'run-0001',
    runKind: 'live',
    runDirectory,
    signal: new AbortController().signal,
    timeoutMs: step.timeoutMs,
    evidenceOf: () => ({}),
    evidenceOfKind: (kind) => (kind === 'baseline' ? before : {}),
    undoEvidenceOfKind: () => ({}),
    marks: {},
    marksOfDo: {},
    mark: () => undefined,
    log: () => undefined,
    now: () => new Date(startedMs + 1_000 * looks++),
  };
}

async function take(context: TestContext, url: string): Promise<JsonObject> {
  const step = baseline({ plan: planAt(url), lasts: '30s' });
  return baselineKind.do(contextOf(context, step), step.args as BaselineArgs);
}

test('it counts requests before the change, without the queries that come with it', async (context) => {
  const { url } = await serve(context, (_request, response) => response.writeHead(200).end());
  const evidence = await take(context, url);
  assert.equal(evidence.errors, 0);
  assert.ok(Number(evidence.requests) >= 30 * 30, String(evidence.requests));
  assert.deepEqual(Object.keys(evidence.sources as JsonObject), ['api']);
});

test('a shop that answers nobody is a baseline of errors, and no reason to stop', async (context) => {
  const evidence = await take(context, await refusedUrl());
  assert.equal(evidence.errors, evidence.requests);
});

test('sources that see nothing before the change stop the run while nothing is changed', async (context) => {
  const step = baseline({
    plan: {
      ...planAt('http://127.0.0.1:1'),
      sources: [{ kind: 'access-log', name: 'log', file: '/nowhere/access.log', format: 'nginx' }],
    },
    lasts: '10s',
  });
  await assert.rejects(baselineKind.do(contextOf(context, step), step.args as BaselineArgs), {
    code: 'baseline-empty',
    outcome: 'failed',
  });
});

test('the verdict compares with it: worse than before is no pass although the limit holds', async (context) => {
  let n = 0;
  const { url } = await serve(context, (_request, response) =>
    response.writeHead(n++ % 10 === 0 ? 500 : 200).end(),
  );
  const good = await serve(context, (_request, response) => response.writeHead(200).end());
  const plan = { ...planAt(url), sources: planAt(url).sources.slice(0, 1) };
  const step = watch({ plan, timeout: '1h' });
  const watched = (before: JsonObject) =>
    watchKind.do(contextOf(context, step, before), step.args as WatchArgs).then(
      ({ verdict }) => verdict,
      ({ code, seen }: { code: string; seen: string }) => `${code}: ${seen}`,
    );
  // 10 % of errors are below the limit of 50 %, and pass where nothing is compared.
  assert.equal(await watched({}), 'pass');
  assert.match(
    String(await watched(await take(context, good.url))),
    /^watch-inconclusive: .*did before the change/,
  );
  assert.equal(await watched(await take(context, url)), 'pass', 'as bad as before');
});
