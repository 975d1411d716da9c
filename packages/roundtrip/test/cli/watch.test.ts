import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { after, type TestContext, test } from 'node:test';
import { testCluster } from 'pg-cluster/testing';
import type { AlertChannel } from '../../src/alerts/alert-channel.ts';
import type { CliEnvironment } from '../../src/cli/environment.ts';
import { main } from '../../src/cli/main.ts';
import { defineRunbook, type Runbook, storyMatrix, type WatchPlan, watch } from '../../src/index.ts';
import { openJournal } from '../../src/journal/journal-file.ts';
import type { JournalBody } from '../../src/journal/record.ts';
import { openStateFolder, runPaths, savePlan } from '../../src/journal/run-directory.ts';
import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import { planHash, resolvePlan } from '../../src/runbook/plan.ts';
import { baseline } from '../../src/steps/baseline.ts';
import { stepKinds } from '../../src/steps/index.ts';
import { TOOL_VERSION } from '../../src/version.ts';
import type { SourceReading } from '../../src/watch/watch-sample.ts';
import { httpReceiver } from '../alerts/receivers.ts';
import { started } from '../engine/fake-run.ts';
import { serve } from '../watch/serve.ts';
import { MINUTE_MS, minutes, traffic } from '../watch/simulate.ts';

const cluster = await testCluster();
after(() => cluster.release());

/** The front door, and a query that lists two colours. */
function planAt(url: string): WatchPlan {
  return {
    durationMs: 86_400_000,
    intervalMs: 1_000,
    sources: [
      { kind: 'http', name: 'api', urls: [url], count: 30 },
      {
        kind: 'sql',
        name: 'colours',
        metric: 'missingColours',
        reads: 'rows',
        text: "SELECT * FROM (VALUES ('бирюзовый', 7), ('хаки', 2)) AS colours",
      },
    ],
    goals: [{ metric: 'errorRate', max: 0.01 }],
  };
}

function runbookOf(
  plan: WatchPlan,
  database: DatabaseAddress,
  alerts: readonly AlertChannel[] = [],
): Runbook {
  return defineRunbook({
    name: 'toy',
    title: 'Toy',
    targets: {
      production: { name: 'production', environment: 'production', database, settings: {}, alerts },
    },
    window: { start: '02:00', end: '04:00', zone: 'UTC' },
    protectedTables: [],
    matrix: storyMatrix(),
    steps: () => [baseline({ plan }), watch({ plan, timeout: '7d' })],
  });
}

/** The command line in this process, with its own world. */
function world(context: TestContext, runbook: Runbook) {
  const folder = mkdtempSync(path.join(tmpdir(), 'watch-verb-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const roundtrip = async (signal: AbortSignal, ...argv: readonly string[]) => {
    const written = { stdout: '', stderr: '' };
    const into = (name: 'stdout' | 'stderr') =>
      new Writable({
        write(chunk, _encoding, done) {
          written[name] += String(chunk);
          done();
        },
      });
    const environment: CliEnvironment = {
      stdout: into('stdout'),
      stderr: into('stderr'),
      variables: { ROUNDTRIP_STATE: folder },
      now: () => new Date(),
      signal,
      kinds: stepKinds,
      runbook,
    };
    const exitCode = await main(argv, environment);
    const lines = written.stdout.trim().split('\n');
    const json = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    return { exitCode, ...written, json, last: () => json().at(-1) ?? {} };
  };
  const go = (...argv: readonly string[]) => roundtrip(new AbortController().signal, ...argv);
  return { folder, go, roundtrip };
}

/** Twenty seconds of watch in one of real time. */
const SHORT = ['watch', '--target', 'production', '--for', '20s', '--speed', '20'];

async function shop(context: TestContext, status: () => number) {
  const database = await cluster.createDatabase();
  const { url } = await serve(context, (_request, response) => response.writeHead(status()).end());
  return { database, url };
}

test('by itself: a good target passes with exit 0, and the LOW row lists its colours', async (context) => {
  const { database, url } = await shop(context, () => 200);
  const { go, folder } = world(context, runbookOf(planAt(url), database));
  const { exitCode, last, json } = await go(...SHORT, '--json');
  const { verdict, requests } = last();
  assert.deepEqual([exitCode, last().type, verdict], [0, 'verdict', 'pass'], JSON.stringify(last()));
  assert.ok(Number(requests) >= 299);
  const row = json().find(({ type, id }) => type === 'row' && id === 'missing-colour-mapping');
  assert.deepEqual(
    [row?.severity, row?.rollback, row?.owner, row?.holds, row?.seen],
    ['low', 'no', 'Backend', true, 'missingColours is 2 (бирюзовый, хаки)'],
  );
  const windows = json().filter(({ type }) => type === 'window');
  assert.deepEqual(
    windows.map(({ window }) => window),
    ['fast', 'medium', 'slow', 'final'],
  );
  // Put aside: the same command watches anew.
  assert.match(readdirSync(path.join(folder, 'watches')).join(), /samples\.ndjson\.\d{4}-/);
});

test('by itself: errors end it at once with exit 4 and are told; nothing was changed', async (context) => {
  const { database, url } = await shop(context, () => 500);
  const pager = await httpReceiver(context, () => ({ status: 200 }));
  const alerts: AlertChannel[] = [{ kind: 'webhook', name: 'pager', url: pager.url }];
  const { go } = world(context, runbookOf(planAt(url), database, alerts));
  const { exitCode, stdout } = await go(...SHORT);
  assert.equal(exitCode, 4);
  assert.match(stdout, /^verdict: FAIL\n {2}error rate > 5 %/);
  assert.match(stdout, /^ {2}HOLDS critical YES {3}error rate > 5 % → Immediate rollback \(DevOps\)/m);
  const events = pager.received.map(({ body }) => (JSON.parse(body) as { event: string }).event);
  assert.ok(events.includes('alarm') && events.at(-1) === 'watch-ended', events.join());
});

test('by itself: too few requests are inconclusive, exit 10', async (context) => {
  const { database, url } = await shop(context, () => 200);
  const plan = planAt(url);
  const thin = { ...plan, sources: [{ kind: 'http' as const, name: 'api', urls: [url], count: 1 }] };
  const { go } = world(context, runbookOf(thin, database));
  const { exitCode, last } = await go(...SHORT, '--json');
  assert.deepEqual([exitCode, last().verdict], [10, 'inconclusive']);
});

test('by itself: interrupted with exit 130, the same command goes on from its samples', async (context) => {
  const { database, url } = await shop(context, () => 200);
  const { go, roundtrip, folder } = world(context, runbookOf(planAt(url), database));
  const stop = new AbortController();
  const samples = path.join(folder, 'mine.ndjson');
  const argv = [...SHORT, '--samples', samples, '--json'];
  setTimeout(() => stop.abort(new Error('Ctrl-C')), 400);
  const first = await roundtrip(stop.signal, ...argv);
  assert.deepEqual([first.exitCode, first.last().verdict], [130, 'interrupted']);
  const second = await go(...argv);
  assert.match(second.stdout, /the watch goes on: \d.* are covered/);
  assert.deepEqual([second.exitCode, second.last().verdict], [0, 'pass'], second.stdout);
  // One that has ended is not watched again: its verdict is shown.
  const third = await go(...argv);
  assert.deepEqual([third.exitCode, third.last().samples], [0, second.last().samples]);
});

test('by itself: what cannot be is refused before a sample', async (context) => {
  const { database, url } = await shop(context, () => 200);
  const { go } = world(context, runbookOf(planAt(url), database));
  assert.equal((await go('watch', '--for', '10m')).exitCode, 2);
  assert.equal((await go('watch', '--target', 'production', '--speed', 'fast')).exitCode, 2);
  assert.equal((await go('watch', '--target', 'elsewhere', '--for', '10m')).exitCode, 3);
  assert.equal((await go('watch', '--target', 'production', '--for', 'soon')).exitCode, 3);
});

/** A run that has come to its watch, as its process left it on disk. */
function aRun(
  folder: string,
  runbook: Runbook,
  readings: (minute: number) => readonly SourceReading[],
  more: readonly JournalBody[] = [],
): void {
  const plan = resolvePlan({ runbook, target: 'production', releases: null });
  const state = openStateFolder(folder);
  const runId = '2026-11-23T02-00-00-live-0001';
  savePlan(state, runId, plan);
  const journal = openJournal(runPaths(state, runId).journal, { create: true });
  const run: JournalBody = {
    ...(started() as Extract<JournalBody, { type: 'run-started' }>),
    runId,
    planHash: planHash(plan),
    target: 'production',
    toolVersion: TOOL_VERSION,
  };
  const sources = { api: { requests: 3_000, errors: 0, latency: [] } };
  const outcome = (step: string, act: 'do' | 'verify', evidence: object): JournalBody =>
    ({ type: 'outcome', step, act, ok: true, durationMs: 1, evidence }) as JournalBody;
  for (const body of [
    run,
    { type: 'intent', step: 'baseline', act: 'do', attempt: 1 },
    outcome('baseline', 'do', { takenAt: '2026-11-23T01:50:00.000Z', sources }),
    outcome('baseline', 'verify', {}),
    { type: 'intent', step: 'watch', act: 'do', attempt: 1 },
    ...more,
  ] as JournalBody[])
    journal.append(body);
  journal.close();
  const samples = minutes(0, 120, readings).map((sample) => `${JSON.stringify(sample)}\n`);
  // Its writer is in the middle of a line.
  writeFileSync(
    path.join(runPaths(state, runId).folder, 'watch.samples.ndjson'),
    `${samples.join('')}{"atMs":7`,
  );
}

function hourly(url: string): WatchPlan {
  return {
    ...planAt(url),
    intervalMs: MINUTE_MS,
    sources: [{ kind: 'http', name: 'api', urls: [url] }],
  };
}

test('of a run: it is shown as it stands, without a verdict before its end', async (context) => {
  const { database, url } = await shop(context, () => 200);
  const runbook = runbookOf(hourly(url), database);
  const { go, folder } = world(context, runbook);
  // 3 % for an hour, then well for some minutes: the timer of the MAYBE runs.
  aRun(folder, runbook, (minute) => traffic(100, minute > 50 && minute < 118 ? 3 : 0));
  const { exitCode, stdout } = await go('watch', '--target', 'production');
  assert.equal(exitCode, 10);
  assert.match(stdout, /^verdict: none yet \(so far: (open|broken)\)/);
  assert.match(stdout, /121 samples, 12100 requests, 201 errors/);
  assert.match(stdout, /timers\n {2}errors-1-to-5-percent: Backend decides in \dh/);
  assert.match(stdout, /before the change\n {2}api: 0 of 3000 failed/);
  assert.match(stdout, /^ {2}fast +10min {2}\d+ of \d+ failed, between .* limit 14\.4 % → decide \(api\)$/m);
  const { last } = await go('watch', '--json');
  assert.deepEqual(
    [last().type, last().verdict, last().ended, last().exitCode],
    ['verdict', 'inconclusive', false, 10],
  );
  const samples = path.join(folder, 'runs/2026-11-23T02-00-00-live-0001/watch.samples.ndjson');
  assert.ok(readFileSync(samples, 'utf8').endsWith('{"atMs":7'), 'looking changes nothing');
});

test('of a run: a watch that failed is exit 5, for production was changed', async (context) => {
  const { database, url } = await shop(context, () => 200);
  const runbook = runbookOf(hourly(url), database);
  const { go, folder } = world(context, runbook);
  aRun(folder, runbook, (minute) => traffic(100, minute > 100 ? 20 : 0));
  const { exitCode, last } = await go('watch', '--json');
  assert.deepEqual([exitCode, last().verdict, last().rollback], [5, 'fail', 'yes']);
});

test('of a run: one that went back half-way has no verdict, and never a pass', async (context) => {
  const { database, url } = await shop(context, () => 200);
  const runbook = runbookOf(hourly(url), database);
  const { go, folder } = world(context, runbook);
  aRun(folder, runbook, () => traffic(100), [
    { type: 'rollback-started', reason: 'asked for', automatic: false, operator: 'anna' },
  ]);
  const { exitCode, last } = await go('watch', '--follow', '--json');
  assert.deepEqual([exitCode, last().verdict, last().ended], [10, 'inconclusive', true]);
});
