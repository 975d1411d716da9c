import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type SmokeArgs, type SmokeProbe, smokeTest, smokeTestKind } from '../../src/steps/smoke-test.ts';
import type { StepContext } from '../../src/steps/step-kind.ts';

const LIMIT_MS = 500;
const asked: string[] = [];
/** How many of the requests that come first are answered late. */
let late = 0;

const server = createServer(async (request, response) => {
  asked.push(`${request.method} ${request.url}`);
  if (asked.length <= late) await delay(LIMIT_MS + 100);
  response.statusCode = request.url === '/broken' ? 500 : 200;
  response.end(JSON.stringify({ count: 1 }));
});
before(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
after(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked.length = 0;
});

async function smoke(path: string, request: Partial<SmokeProbe['request']> = {}): Promise<readonly string[]> {
  const { port } = server.address() as AddressInfo;
  const step = smokeTest({
    probes: [
      {
        name: 'list',
        request: { ...request, url: `http://127.0.0.1:${port}${path}` },
        expect: { status: 200, latencyMsMax: LIMIT_MS },
      },
    ],
  });
  const log: string[] = [];
  const context = {
    step,
    signal: new AbortController().signal,
    log: (line: string) => void log.push(line),
  } as unknown as StepContext;
  await smokeTestKind.do(context, step.args as unknown as SmokeArgs);
  return log;
}

test('an answer that is right and late is asked for again, and said so', async () => {
  late = 2;
  const log = await smoke('/');
  assert.equal(asked.length, 3);
  assert.match(log[0] ?? '', /^slow list: asked again \(1 of 4\), at most 500 ms is wanted$/);
  assert.match(log.at(-1) ?? '', /^ok {3}list: 200 in/);
});

test('a release that stays slow fails', async () => {
  late = 99;
  await assert.rejects(smoke('/'), { code: 'http-unexpected' });
  assert.equal(asked.length, 5);
});

test('a wrong answer and a write are asked for once, late or not', async () => {
  late = 99;
  await assert.rejects(smoke('/broken'), { code: 'http-unexpected' });
  await assert.rejects(smoke('/', { method: 'POST' }), { code: 'http-unexpected' });
  assert.deepEqual(asked, ['GET /broken', 'POST /']);
});
