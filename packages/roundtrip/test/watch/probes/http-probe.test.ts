import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countOver } from '../../../src/watch/latency.ts';
import { httpProbe, PROBE_LABEL } from '../../../src/watch/probes/http-probe.ts';
import type { HttpSource } from '../../../src/watch/watch-plan.ts';
import type { DataReading, SourceReading } from '../../../src/watch/watch-sample.ts';
import { refusedUrl, serve } from '../serve.ts';

async function probe(source: Partial<HttpSource>, probes = 20): Promise<SourceReading> {
  const reader = httpProbe({ kind: 'http', name: 'api', urls: [], ...source }, { limitsMs: [500] });
  return reader.read({ signal: new AbortController().signal, probes });
}

function data(reading: SourceReading): DataReading {
  assert.ok(!('missing' in reading), 'missing' in reading ? reading.missing : '');
  return reading;
}

test('asks every address in turn, labelled as a probe, and times the answers', async (context) => {
  const seen: string[] = [];
  const { url } = await serve(context, (request, response) => {
    seen.push(`${request.url} ${request.headers['user-agent']}`);
    response.end('ok');
  });
  const reading = data(await probe({ urls: [`${url}/products`, `${url}/categories`] }));
  assert.deepEqual([reading.requests, reading.errors], [20, 0]);
  assert.equal(seen.filter((line) => line === `/products ${PROBE_LABEL}`).length, 10);
  assert.equal(seen.filter((line) => line === `/categories ${PROBE_LABEL}`).length, 10);
  assert.equal(countOver(reading.latency ?? [], 500).total, 20);
});

test('a status of 500 is an error, a redirect is none and is not followed', async (context) => {
  const { url } = await serve(context, (request, response) => {
    response.writeHead(request.url === '/broken' ? 500 : 302, { location: '/broken' }).end();
  });
  const reading = data(await probe({ urls: [`${url}/broken`, `${url}/moved`] }));
  assert.deepEqual([reading.requests, reading.errors], [20, 10]);
});

test('statuses can be named', async (context) => {
  const { url } = await serve(context, (_request, response) => {
    response.writeHead(404).end();
  });
  assert.equal(data(await probe({ urls: [url], statuses: [404] })).errors, 0);
  assert.equal(data(await probe({ urls: [url], statuses: [200] })).errors, 20);
});

test('a refused connection is an error whose speed does not count', async () => {
  const reading = data(await probe({ urls: [await refusedUrl()] }));
  assert.deepEqual([reading.requests, reading.errors, reading.latency], [20, 20, []]);
});

test('no answer in time is an error, as slow as the time that was given', async (context) => {
  const { url } = await serve(context, () => undefined);
  const reading = data(await probe({ urls: [url], timeoutMs: 600 }, 3));
  assert.deepEqual([reading.requests, reading.errors], [3, 3]);
  assert.equal(countOver(reading.latency ?? [], 500).certain, 3);
});

test('a body that is cut off is an error', async (context) => {
  const { url } = await serve(context, (_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => response.destroy());
  });
  assert.equal(data(await probe({ urls: [url] }, 4)).errors, 4);
});

test('a name that this machine cannot look up is missing data, not an outage', async () => {
  const reading = await probe({ urls: ['http://no-such-host.invalid/'] }, 2);
  assert.ok('missing' in reading);
  assert.match(reading.missing, /this machine cannot ask: E/);
});

test('an interrupted watch does not count what it cut off', async (context) => {
  const { url } = await serve(context, () => undefined);
  const stop = new AbortController();
  const reader = httpProbe({ kind: 'http', name: 'api', urls: [url] }, { limitsMs: [] });
  const reading = reader.read({ signal: stop.signal, probes: 5 });
  stop.abort(new Error('interrupted'));
  await assert.rejects(reading, /interrupted/);
});
