import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { prometheusProbe } from '../../src/watch/probes/prometheus-probe.ts';
import { runWatch } from '../../src/watch/run-watch.ts';
import type { SourceReader } from '../../src/watch/source-reader.ts';
import type { PrometheusSource } from '../../src/watch/watch-plan.ts';
import { serve } from './serve.ts';
import { HOUR_MS, MINUTE_MS } from './simulate.ts';
import { simulatedRun, source } from './simulated-run.ts';

/** What the metrics server says in one round. */
type Metrics = 'well' | 'down' | 'nan' | 'stale' | 'empty' | 'frozen';

/** A server that speaks Prometheus' API, well for so many rounds and then not. */
async function metrics(context: TestContext, states: (round: number) => Metrics) {
  let round = 0;
  let counter = 0;
  const { url } = await serve(context, (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const state = states(round);
      if (state === 'down') return void response.destroy();
      const query = new URLSearchParams(body).get('query') ?? '';
      const nowS = Date.now() / 1000;
      const value = query.startsWith('timestamp(')
        ? String(nowS - (state === 'stale' ? 600 : 1))
        : state === 'nan'
          ? 'NaN'
          : String(counter);
      const result = state === 'empty' ? [] : [{ metric: { status: '200' }, value: [nowS, value] }];
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
    });
  });
  const watched: PrometheusSource = {
    kind: 'prometheus',
    name: 'metrics',
    url,
    requests: 'http_requests_total',
    errorsWhere: { label: 'status', matches: '5..' },
  };
  const next = (): void => {
    round += 1;
    if (states(round) !== 'frozen') counter += 30;
  };
  return { watched, reader: prometheusProbe(watched, { limitsMs: [] }), next };
}

async function watchMetrics(context: TestContext, states: (round: number) => Metrics) {
  const { watched, reader, next } = await metrics(context, states);
  const simulated = simulatedRun({
    changes: { sources: [watched], extensionMsMax: HOUR_MS },
    sources: [reader],
    onRound: next,
  });
  return { ...simulated, result: await runWatch(simulated.run) };
}

test('without a fault the same metrics pass', async (context) => {
  const { result, events } = await watchMetrics(context, () => 'well');
  assert.equal(result.verdict, 'pass', result.reason);
  assert.deepEqual(
    events.map(({ event, text }) => `${event} ${text.split(':')[0]}`),
    ['verdict-changed open → held'],
  );
});

for (const state of ['down', 'nan', 'stale', 'empty', 'frozen'] as const) {
  test(`metrics ${state} from the beginning: never a pass`, async (context) => {
    const { result } = await watchMetrics(context, () => state);
    assert.deepEqual([result.verdict, result.requests], ['inconclusive', 0]);
    assert.equal(result.elapsedMs, 2 * HOUR_MS, 'extended as far as it may be, and no further');
  });

  test(`metrics ${state} half-way: the rest is not covered, and people are told`, async (context) => {
    const { result, events } = await watchMetrics(context, (round) => (round < 40 ? 'well' : state));
    assert.equal(result.verdict, 'inconclusive', result.reason);
    assert.ok(result.lostMs > 70 * MINUTE_MS, `${result.lostMs}`);
    const told = events.map(({ event, text }) => `${event} ${text}`).join('\n');
    assert.match(told, /verdict-changed held → open: .*no data now|alarm .*no request for 10 min/);
  });
}

test('metrics away for a quarter of an hour: the time is caught up, then it passes', async (context) => {
  const { result } = await watchMetrics(context, (round) => (round >= 20 && round < 35 ? 'down' : 'well'));
  assert.equal(result.verdict, 'pass', result.reason);
  assert.equal(result.coveredMs, HOUR_MS);
  assert.equal(result.elapsedMs, HOUR_MS + result.lostMs);
});

test('traffic that stops for good is an alarm and no pass, however good it was', async () => {
  const { run, events } = simulatedRun({
    sources: [source((minute) => ({ requests: minute < 50 ? 300 : 0 }))],
  });
  const result = await runWatch(run);
  assert.equal(result.verdict, 'inconclusive', result.reason);
  assert.ok(
    events.some(({ event, level, text }) => event === 'alarm' && level === 'page' && /no request/.test(text)),
  );
});

test('a laptop asleep for eight hours of a one hour watch: nothing of it counts', async () => {
  const good = () => source(() => ({ requests: 300 }));
  const asleep = { atMs: 0 };
  const tired = simulatedRun({
    sources: [good()],
    changes: { extensionMsMax: 24 * HOUR_MS },
    onRound: (round, run) => {
      if (round !== 30) return;
      asleep.atMs = run.samples.at(-1)?.atMs ?? 0;
      run.shift(8 * HOUR_MS);
    },
  });
  const result = await runWatch(tired.run);
  assert.equal(result.verdict, 'pass', result.reason);
  assert.equal(result.coveredMs, HOUR_MS);
  assert.deepEqual(
    result.gaps.map(({ fromMs, toMs, reason }) => [fromMs, toMs - fromMs, reason]),
    [[asleep.atMs, 8 * HOUR_MS + MINUTE_MS, 'no sample was taken']],
  );
  const short = simulatedRun({
    sources: [good()],
    onRound: (round, run) => (round === 30 ? run.shift(8 * HOUR_MS) : undefined),
  });
  const given = await runWatch(short.run);
  assert.deepEqual([given.verdict, given.coveredMs < HOUR_MS], ['inconclusive', true]);
});

test('a clock set back an hour every ten minutes neither ends the watch early nor keeps it for ever', async () => {
  const { run, samples } = simulatedRun({
    sources: [source(() => ({ requests: 300 }))],
    onRound: (round, simulated) => (round % 10 === 0 ? simulated.shift(-HOUR_MS) : undefined),
  });
  const result = await runWatch(run);
  assert.equal(result.verdict, 'pass', result.reason);
  const times = samples.map(({ atMs }) => atMs);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  assert.ok(samples.length >= 61, `${samples.length} samples: no minute was invented`);
});

test('a clock set ahead a day: a gap, not a day of good minutes', async () => {
  const { run } = simulatedRun({
    changes: { durationMs: 24 * HOUR_MS, extensionMsMax: HOUR_MS },
    sources: [source(() => ({ requests: 300 }))],
    onRound: (round, simulated) => (round === 5 ? simulated.shift(30 * HOUR_MS) : undefined),
  });
  const result = await runWatch(run);
  assert.deepEqual([result.verdict, result.coveredMs], ['inconclusive', 4 * MINUTE_MS]);
});

test('all sources broken in every way, in any order: no watch of them passes', async () => {
  const ways: readonly SourceReader['read'][] = [
    () => Promise.reject(new Error('down')),
    async () => ({ source: 'api', requests: Number.NaN }),
    async () => ({ source: 'api', requests: -1 }),
    async () => ({ source: 'api', requests: 3, errors: 4 }),
    async () => ({ source: 'api', missing: 'stale' }),
    async () => ({ source: 'api', requests: 0 }),
    async () => ({ source: 'api', requests: 30, errors: 30 }),
  ];
  for (let first = 0; first < ways.length; first++) {
    let turn = first;
    const read: SourceReader['read'] = (ask) =>
      ways[turn++ % ways.length]?.(ask) ?? Promise.reject(new Error());
    const { run } = simulatedRun({ sources: [{ name: 'api', read }] });
    assert.notEqual((await runWatch(run)).verdict, 'pass', `beginning with ${first}`);
  }
});
