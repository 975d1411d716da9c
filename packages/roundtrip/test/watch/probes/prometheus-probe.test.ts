import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { prometheusProbe } from '../../../src/watch/probes/prometheus-probe.ts';
import type { SourceReader } from '../../../src/watch/source-reader.ts';
import type { PrometheusSource } from '../../../src/watch/watch-plan.ts';
import { refusedUrl, serve } from '../serve.ts';

/**
 * The query API in the shape in which Prometheus 2.42 answers it (compared with a real server on 2026-11-23): values
 * are text, timestamps seconds, an error has status 400 and a body of its own.
 */
interface Store {
  requests: Record<string, number | string>;
  buckets: Record<string, number>;
  scrapedSecondsAgo: number;
}

const NOW_SECONDS = 1_764_460_800;

async function prometheus(context: TestContext, changes: Partial<PrometheusSource> = {}) {
  const store: Store = { requests: {}, buckets: {}, scrapedSecondsAgo: 5 };
  const { url } = await serve(context, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const query = new URLSearchParams(Buffer.concat(chunks).toString()).get('query') ?? '';
    response.setHeader('content-type', 'application/json');
    const answer = resultOf(store, query);
    if (answer === undefined) {
      response.statusCode = 400;
      response.end('{"status":"error","errorType":"bad_data","error":"parse error: unexpected identifier"}');
    } else {
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result: answer } }));
    }
  });
  const reader = prometheusProbe(
    {
      kind: 'prometheus',
      name: 'prom',
      url,
      requests: 'http_requests_total',
      errorsWhere: { label: 'status', matches: '5..' },
      buckets: 'http_seconds_bucket',
      ...changes,
    },
    { limitsMs: [500] },
  );
  return { store, read: () => readOnce(reader) };
}

function readOnce(reader: SourceReader) {
  return reader.read({ signal: new AbortController().signal, probes: 0 });
}

function resultOf(store: Store, query: string) {
  const target = { job: 'shop', instance: 'a:1' };
  const series = (label: string, values: Record<string, number | string>) =>
    Object.entries(values).map(([key, value]) => ({
      metric: { ...target, [label]: key },
      value: [NOW_SECONDS, String(value)],
    }));
  const stamped = Object.keys(store.requests).map((status) => ({
    metric: { ...target, status },
    value: [NOW_SECONDS, String(NOW_SECONDS - store.scrapedSecondsAgo)],
  }));
  switch (query) {
    case 'http_requests_total':
      return series('status', store.requests);
    case 'http_seconds_bucket':
      return series('le', store.buckets);
    case 'timestamp(http_requests_total)':
      return stamped;
    default:
      return undefined;
  }
}

const BUCKETS = { '0.1': 90, '0.5': 95, '1': 98, '+Inf': 100 };

test('counts what is new since the reading before, in whole requests', async (context) => {
  const { store, read } = await prometheus(context);
  store.requests = { 200: 1000, 404: 10 };
  store.buckets = BUCKETS;
  assert.deepEqual(await read(), { source: 'prom', requests: 0, errors: 0, latency: [] });
  // The first 500 makes a series of its own.
  store.requests = { 200: 1090, 404: 15, 500: 5 };
  store.buckets = { '0.1': 180, '0.5': 190, '1': 196, '+Inf': 200 };
  assert.deepEqual(await read(), {
    source: 'prom',
    requests: 100,
    errors: 5,
    latency: [
      [0, 100, 90],
      [100, 500, 5],
      [500, 1000, 3],
      [1000, null, 2],
    ],
  });
});

test('a restarted shop begins at zero', async (context) => {
  const { store, read } = await prometheus(context);
  store.requests = { 200: 1000, 500: 100 };
  store.buckets = BUCKETS;
  await read();
  store.requests = { 200: 30, 500: 3 };
  store.buckets = { '0.1': 30, '0.5': 33, '1': 33, '+Inf': 33 };
  const reading = await read();
  assert.deepEqual('missing' in reading ? reading : [reading.requests, reading.errors], [33, 3]);
});

test('what was not counted during a gap is counted after it', async (context) => {
  const { store, read } = await prometheus(context);
  store.requests = { 200: 100 };
  store.buckets = BUCKETS;
  await read();
  store.requests = { 200: 150, 500: 10 };
  store.scrapedSecondsAgo = 240;
  assert.deepEqual(await read(), { source: 'prom', missing: 'stale: scraped 240 s ago at the latest' });
  store.scrapedSecondsAgo = 1;
  const reading = await read();
  assert.deepEqual('missing' in reading ? reading : [reading.requests, reading.errors], [60, 10]);
});

const MISSING: readonly (readonly [string, Partial<Store>, Partial<PrometheusSource>, RegExp])[] = [
  ['no series', {}, {}, /no series for http_requests_total/],
  ['NaN', { requests: { 200: 'NaN' } }, {}, /a counter is NaN/],
  ['infinity', { requests: { 200: '+Inf' } }, {}, /a counter is Infinity/],
  ['no histogram', { requests: { 200: 1 }, buckets: {} }, {}, /no series for http_seconds_bucket/],
  [
    'a label that is not there',
    { requests: { 200: 1 } },
    { errorsWhere: { label: 'code', matches: '5..' } },
    /has the label "code", so that errors could not be told/,
  ],
];

for (const [what, given, changes, why] of MISSING) {
  test(`${what} is missing data`, async (context) => {
    const { store, read } = await prometheus(context, changes);
    Object.assign(store, { buckets: BUCKETS }, given);
    const reading = await read();
    assert.match('missing' in reading ? reading.missing : 'nothing missing', why);
  });
}

test('a query that Prometheus refuses, and a Prometheus that is down, say so', async (context) => {
  const { read } = await prometheus(context, { requests: 'http requests' });
  await assert.rejects(read(), /http requests: parse error/);
  const { read: readDown } = await prometheus(context, { url: await refusedUrl() });
  await assert.rejects(readDown(), /gave no answer to be read: fetch failed \(connect ECONNREFUSED/);
});

test('a histogram that ends at a limit is refused', async (context) => {
  const { store, read } = await prometheus(context);
  store.requests = { 200: 1 };
  store.buckets = { '0.1': 90, '0.5': 95, '+Inf': 100 };
  await assert.rejects(read(), { code: 'histogram-blind' });
});
