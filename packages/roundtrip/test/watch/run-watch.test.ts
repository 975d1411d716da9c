import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { buildSources } from '../../src/watch/build-sources.ts';
import { storyMatrix } from '../../src/watch/matrix.ts';
import { runWatch, type WatchPlan, type WatchRun, type WatchSample } from '../../src/watch/run-watch.ts';
import type { SourceReader } from '../../src/watch/source-reader.ts';
import { takeBaseline } from '../../src/watch/take-baseline.ts';
import { serve } from './serve.ts';
import { HOUR_MS, MINUTE_MS, planOf } from './simulate.ts';

/** A watch with its own clock: an hour of it takes as long as its samples take to judge. */
function simulated(changes: Partial<WatchPlan>, readings: (minute: number) => SourceReader['read']) {
  const plan = planOf({ durationMs: HOUR_MS, ...changes });
  let nowMs = Date.UTC(2025, 10, 30);
  let minute = 0;
  const samples: WatchSample[] = [];
  const notes: string[] = [];
  const stop = new AbortController();
  const source: SourceReader = { name: 'api', read: (ask) => readings(minute++)(ask) };
  const run: WatchRun = {
    plan,
    matrix: storyMatrix(),
    sources: [source],
    previousSamples: [],
    append: (sample) => void samples.push(sample),
    now: () => new Date(nowMs),
    signal: stop.signal,
    onNote: (line) => void notes.push(line),
    wait: async () => {
      nowMs += plan.intervalMs;
      stop.signal.throwIfAborted();
    },
  };
  return {
    run,
    samples,
    notes,
    stop,
    sleep: (ms: number) => {
      nowMs += ms;
    },
  };
}

const requests =
  (count: number, errors = 0): SourceReader['read'] =>
  async () => ({ source: 'api', requests: count, errors });

test('an hour of good traffic passes', async () => {
  const { run, samples, notes } = simulated({}, () => requests(30));
  const result = await runWatch(run);
  assert.deepEqual([result.verdict, result.samples, result.requests], ['pass', 61, 1830]);
  assert.equal(samples.length, 61);
  assert.equal(notes[0], 'watching for 1h, a sample every 1min 0s');
  assert.ok(
    notes.some((line) => line === '30min of 1h covered: 930 requests, 0 errors (0 %)'),
    notes.join('\n'),
  );
});

test('an error burst fails and ends the watch at once', async () => {
  const { run, samples } = simulated({}, (minute) => requests(30, minute < 20 ? 0 : 25));
  const result = await runWatch(run);
  assert.deepEqual([result.verdict, result.rollback], ['fail', 'yes']);
  assert.ok(samples.length < 26, String(samples.length));
});

test('killed at any sample and started again, it comes to the same verdict and knows its gap', async () => {
  for (const killedAt of [1, 2, 17, 60]) {
    const first = simulated({}, () => requests(30));
    const append = first.run.append;
    const killed = new Error('killed');
    await assert.rejects(
      runWatch({
        ...first.run,
        append: (sample) => {
          append(sample);
          if (first.samples.length === killedAt) throw killed;
        },
      }),
      killed,
    );
    first.sleep(20 * MINUTE_MS);
    const previousSamples = JSON.parse(JSON.stringify(first.samples)) as WatchSample[];
    const result = await runWatch({ ...first.run, previousSamples });
    assert.equal(result.verdict, 'pass', `killed at ${killedAt}`);
    assert.equal(result.lostMs, 20 * MINUTE_MS);
    assert.equal(result.elapsedMs, HOUR_MS + 20 * MINUTE_MS);
    assert.deepEqual(
      result.gaps.map(({ reason }) => reason),
      ['no sample was taken'],
    );
  }
});

test('a watch that has ended is not watched again', async () => {
  const { run, samples } = simulated({}, () => requests(30));
  const first = await runWatch(run);
  const count = samples.length;
  assert.deepEqual(await runWatch({ ...run, previousSamples: [...samples] }), first);
  assert.equal(samples.length, count);
});

test('an interrupted watch stops between two samples and gives no verdict', async () => {
  const interrupted = new Error('interrupted');
  const { run, stop, samples } = simulated({}, (minute) => {
    if (minute === 5) stop.abort(interrupted);
    return requests(30);
  });
  await assert.rejects(runWatch(run), interrupted);
  assert.equal(samples.length, 5);
});

test('sources are closed, however it ends', async () => {
  let closed = 0;
  const { run } = simulated({}, () => requests(30));
  const [source] = run.sources;
  assert.ok(source !== undefined);
  const closing = { ...source, close: async () => void closed++ };
  await runWatch({ ...run, sources: [closing] });
  await assert.rejects(runWatch({ ...run, sources: [closing], signal: AbortSignal.abort() }));
  assert.equal(closed, 2);
});

test('a row that no source can answer is announced', async () => {
  const { run, notes } = simulated({}, () => requests(30));
  await runWatch(run);
  assert.ok(
    notes.includes(
      'nothing watches "missing-colour-mapping" (missingColours > 0): no source gives missingColours',
    ),
  );
});

test('a baseline is counted and not judged', async () => {
  const { run } = simulated({}, () => requests(30, 10));
  const baseline = await takeBaseline({ ...run, durationMs: 10 * MINUTE_MS });
  assert.deepEqual(baseline.sources, { api: { requests: 330, errors: 110, latency: [] } });
});

/** Everything real but the shop: a server, a log that is rotated, /proc; a minute of watch in five seconds. */
function demoPlan(url: string, file: string): WatchPlan {
  return {
    durationMs: MINUTE_MS,
    intervalMs: 2_000,
    speed: 12,
    // A machine that is busy with other things is slow, which is not what is tested here.
    extensionMsMax: 10 * MINUTE_MS,
    sources: [
      { kind: 'http', name: 'front door', urls: [url], count: 60 },
      { kind: 'access-log', name: 'log', file, format: { status: 'status', duration: 'took' } },
      { kind: 'host', name: 'host' },
    ],
    goals: [
      { metric: 'errorRate', max: 0.01 },
      { metric: 'latencyMs', quantile: 0.95, max: 10_000 },
      { metric: 'memory', max: 0.999 },
    ],
  };
}

async function demo(context: Parameters<typeof serve>[0], statusAt: (request: number) => number) {
  const folder = mkdtempSync(path.join(tmpdir(), 'demo-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'access.log');
  writeFileSync(file, '');
  let count = 0;
  const { url } = await serve(context, (request, response) => {
    const status = statusAt(count++);
    const userAgent = request.headers['user-agent'];
    // Every request is logged, and a customer comes with every probe.
    appendFileSync(
      file,
      `${JSON.stringify({ status, took: 0.004, userAgent })}\n${JSON.stringify({ status, took: 0.004 })}\n`,
    );
    if (count % 250 === 0) {
      renameSync(file, `${file}.${count}`);
      writeFileSync(file, '');
    }
    response.writeHead(status).end('{}');
  });
  const plan = demoPlan(url, file);
  const samples: WatchSample[] = [];
  const result = await runWatch({
    plan,
    matrix: storyMatrix(),
    sources: buildSources({
      plan,
      matrix: storyMatrix(),
      query: () => Promise.reject(new Error('no database')),
    }),
    previousSamples: [],
    append: (sample) => void samples.push(sample),
    now: () => new Date(),
    signal: new AbortController().signal,
    onNote: () => undefined,
  });
  return { result, samples, served: () => count };
}

test('a demo watch over real sources passes, and every customer in the rotated log counts once', async (context) => {
  const { result, served } = await demo(context, () => 200);
  assert.equal(result.verdict, 'pass', result.reason);
  assert.ok(result.elapsedMs >= MINUTE_MS);
  // Probes and customers; the first sample only opened the log, the last requests were logged after it was read.
  assert.ok(
    result.requests > served() + (served() - 4 * 60) && result.requests <= 2 * served(),
    `${result.requests} of ${2 * served()}`,
  );
  assert.equal(result.errors, 0);
});

test('a demo watch with an error burst rolls back', async (context) => {
  const { result } = await demo(context, (request) => (request > 300 && request % 3 === 0 ? 500 : 200));
  assert.deepEqual(
    [result.verdict, result.rollback, result.decides],
    ['fail', 'yes', 'DevOps'],
    result.reason,
  );
  assert.ok(result.elapsedMs < MINUTE_MS);
});
