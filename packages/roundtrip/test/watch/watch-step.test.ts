import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { testCluster } from 'pg-cluster/testing';
import type { RoundtripError } from '../../src/errors.ts';
import { type JsonObject, valueAt } from '../../src/json.ts';
import type { Plan } from '../../src/runbook/plan.ts';
import type { StepContext } from '../../src/steps/step-kind.ts';
import { type WatchArgs, watch, watchKind } from '../../src/steps/watch.ts';
import { storyMatrix } from '../../src/watch/matrix.ts';
import type { WatchPlan } from '../../src/watch/watch-plan.ts';
import { serve } from './serve.ts';
import { MINUTE_MS } from './simulate.ts';

const cluster = await testCluster();
after(() => cluster.release());

/** A watch of a minute; with the clock below, which runs ahead a second a look, it takes sixty samples. */
function shortWatch(url: string, changes: Partial<WatchPlan> = {}): WatchPlan {
  return {
    durationMs: MINUTE_MS,
    intervalMs: 10,
    extensionMsMax: 10 * MINUTE_MS,
    sources: [{ kind: 'http', name: 'api', urls: [url], count: 30 }],
    goals: [{ metric: 'errorRate', max: 0.01 }],
    ...changes,
  };
}

/** What the engine gives a step, with the marks kept as its journal keeps them. */
async function stepOf(context: TestContext, plan: WatchPlan, timeout = '1h') {
  const runDirectory = mkdtempSync(path.join(tmpdir(), 'watch-step-'));
  context.after(() => rmSync(runDirectory, { recursive: true }));
  const database = await cluster.createDatabase();
  const marks: Record<string, JsonObject> = {};
  const log: string[] = [];
  const startedMs = Date.now();
  let looks = 0;
  const step = watch({ plan, timeout });
  const given: StepContext = {
    plan: { matrix: storyMatrix(), target: { name: 'production', database } } as unknown as Plan,
    step,
    runId: 'run-0001',
    runKind: 'live',
    runDirectory,
    signal: new AbortController().signal,
    timeoutMs: step.timeoutMs,
    evidenceOf: () => ({}),
    evidenceOfKind: () => ({}),
    undoEvidenceOfKind: () => ({}),
    marks,
    marksOfDo: marks,
    mark: (name, data) => void Object.assign(marks, { [name]: data }),
    log: (line) => void log.push(line),
    now: () => new Date(startedMs + 1_000 * looks++),
  };
  const args = step.args as WatchArgs;
  return {
    database,
    marks,
    log,
    files: () => readdirSync(runDirectory).sort(),
    check: () => watchKind.check?.(given, args),
    inspect: () => watchKind.inspect(given, args),
    do: () => watchKind.do(given, args),
    error: async (): Promise<RoundtripError> =>
      watchKind.do(given, args).then(
        (evidence) => assert.fail(`passed: ${JSON.stringify(evidence)}`),
        (error: RoundtripError) => error,
      ),
  };
}

async function shop(context: TestContext, status: () => number) {
  return (await serve(context, (_request, response) => response.writeHead(status()).end())).url;
}

test('a pass leaves what shows it', async (context) => {
  const step = await stepOf(context, shortWatch(await shop(context, () => 200)));
  const evidence = await step.do();
  assert.equal(evidence.verdict, 'pass', String(evidence.reason));
  assert.ok(Number(evidence.requests) >= 299);
  assert.deepEqual(step.files(), ['watch.samples.ndjson']);
});

test('where the runbook says so, YES fails the step, which rolls the run back; the numbers stay in its mark', async (context) => {
  const step = await stepOf(context, shortWatch(await shop(context, () => 500), { onYes: 'roll-back' }));
  const error = await step.error();
  assert.deepEqual([error.outcome, error.code], ['failed', 'watch-failed']);
  assert.equal(valueAt(step.marks, 'watch.result.rollback'), 'yes');
  // Killed before the outcome was written: watching on comes to the same failure from the same samples.
  assert.equal(await step.inspect(), 'not-done');
  assert.equal((await step.error()).code, 'watch-failed');
});

test('where the runbook says nothing, YES waits for a human', async (context) => {
  const step = await stepOf(context, shortWatch(await shop(context, () => 500)));
  const error = await step.error();
  assert.deepEqual([error.outcome, error.code], ['ambiguous', 'watch-failed-maybe']);
  assert.match(error.next, /^DevOps decides \(Immediate rollback\)/);
});

test('too little data waits for a human, is not repeated by itself, and begins anew when sent on', async (context) => {
  const plan = shortWatch(await shop(context, () => 200), {
    extensionMsMax: 30_000,
    sources: [{ kind: 'http', name: 'api', urls: [await shop(context, () => 200)], count: 1 }],
  });
  const step = await stepOf(context, plan);
  const error = await step.error();
  assert.deepEqual([error.outcome, error.code], ['ambiguous', 'watch-inconclusive']);
  assert.match(error.seen, /it takes 299 without an error/);
  assert.equal(await step.inspect(), 'unknown');
  assert.equal((await step.error()).code, 'watch-inconclusive');
  assert.deepEqual(step.files(), ['watch.2.samples.ndjson', 'watch.samples.ndjson']);
});

test('a watch that cannot judge is refused before the run, and does not roll back a run it is in', async (context) => {
  const plan = shortWatch(await shop(context, () => 200), { goals: [] });
  const step = await stepOf(context, plan);
  assert.deepEqual(
    (await step.check())?.map(({ code, severity }) => [code, severity]),
    [['bad-watch', 'refusal']],
  );
  const error = await step.error();
  assert.deepEqual([error.outcome, error.code], ['ambiguous', 'watch-broken']);
});

test('a deadline before the end of the longest watch is refused: it would be taken for a failure', async (context) => {
  const plan = shortWatch(await shop(context, () => 200), {
    durationMs: 86_400_000,
    extensionMsMax: 86_400_000,
  });
  const step = await stepOf(context, plan, '24h');
  assert.deepEqual(
    (await step.check())?.map(({ code }) => code),
    ['watch-timeout-too-short'],
  );
  assert.deepEqual(await (await stepOf(context, plan, '49h')).check(), []);
});

test('a session that is cut is missing data, and a new one is opened', async (context) => {
  let database = '';
  let requests = 0;
  const url = await shop(context, () => 200);
  // Somebody ends the watch's session now and then, as a restart of the database would.
  const cutting = await serve(context, (_request, response) => {
    const end = () => response.writeHead(200).end();
    if (++requests % 300 !== 0) return void end();
    cluster
      .query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}' AND application_name LIKE 'roundtrip%'`,
      )
      .then(end, end);
  });
  const plan = shortWatch(url);
  const step = await stepOf(context, {
    ...plan,
    sources: [
      { kind: 'http', name: 'api', urls: [cutting.url], count: 30 },
      { kind: 'sql', name: 'colours', metric: 'missingColours', reads: 'rows', text: 'SELECT WHERE false' },
    ],
  });
  database = step.database.database;
  const evidence = await step.do();
  assert.equal(evidence.verdict, 'pass', String(evidence.reason));
  assert.match(String(valueAt(evidence, 'gaps.0.reason')), /^colours: .*(terminat|connection error)/i);
  const sessions = await cluster.query(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = '${database}'`,
  );
  assert.equal(sessions.rows[0].n, 0, 'no session is left behind');
});

test('a query of the watch that would change something is refused by the database', async (context) => {
  const plan = shortWatch(await shop(context, () => 200), { extensionMsMax: 10_000 });
  const text = 'INSERT INTO watched VALUES (1) RETURNING 1';
  const sql = { kind: 'sql', name: 'writes', metric: 'missingColours', reads: 'rows', text } as const;
  const step = await stepOf(context, { ...plan, sources: [...plan.sources, sql] });
  const { database } = step.database;
  await cluster.query('CREATE TABLE watched (n int)', [], database);
  assert.match((await step.error()).seen, /read-only transaction/);
  assert.equal((await cluster.query('SELECT FROM watched', [], database)).rowCount, 0);
});
