import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { expectHttp, httpRequest } from '../../src/services/http.ts';
import { flagMaintenance, proveMaintenance } from '../../src/services/maintenance.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'door-'));
const flagFile = path.join(folder, 'maintenance');
const server = createServer((request, response) => {
  if (request.url === '/hang') return;
  // A door with a hole: reads are refused under maintenance, writes are not.
  const closed = existsSync(flagFile) && !(request.url === '/leak' && request.method === 'POST');
  response.statusCode = closed ? 503 : request.url === '/broken' ? 500 : 200;
  response.end(JSON.stringify({ count: 2, results: [{ slug: 'a' }], name: 'магазин' }));
});
let base = '';
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

describe('expectHttp', () => {
  it('passes when every part is as expected', async () => {
    const { json } = await expectHttp(
      { url: base },
      {
        status: 200,
        checks: [
          { path: 'count', is: '>=', value: 2 },
          { path: 'results.0.slug', is: 'non-empty' },
          { path: 'results.length', is: '=', value: 1 },
        ],
      },
    );
    assert.equal((json as { name: string }).name, 'магазин');
  });

  it('names every part that is not', async () => {
    const wrong = expectHttp(
      { url: `${base}/broken` },
      {
        status: 200,
        checks: [
          { path: 'count', is: '>=', value: 3 },
          { path: 'none', is: 'non-empty' },
        ],
      },
    );
    await assert.rejects(
      wrong,
      (error: Error & { code?: string; seen?: string }) =>
        error.code === 'http-unexpected' &&
        /status 500; count is 2; none is undefined/.test(error.seen ?? ''),
    );
  });

  it('takes no answer for an error, refused or late, and shows no credentials', async () => {
    await assert.rejects(
      httpRequest({ url: 'http://user:hidden@127.0.0.1:1/' }),
      (error: Error) =>
        /unreachable/.test((error as Error & { code: string }).code) && !error.message.includes('hidden'),
    );
    await assert.rejects(httpRequest({ url: `${base}/hang`, timeoutMs: 150 }), {
      code: 'http-unreachable',
      message: /no answer within 150 ms/,
    });
  });
});

describe('maintenance', () => {
  const probes = (write: string) => ({
    write: { request: { url: `${base}${write}`, method: 'POST' }, open: { status: 200 } },
    read: { request: { url: base }, open: { status: 200 } },
  });

  it('is on and off by a file, twice as well as once', async () => {
    const flag = flagMaintenance({ flagFile });
    for (const _twice of [1, 2]) await flag.on({ reason: 'test', retryAfterSeconds: 5 });
    assert.equal((await flag.state()).on, true);
    for (const _twice of [1, 2]) await flag.off();
    assert.deepEqual(await flag.state(), { on: false });
  });

  it('is proven at the door, in both states', async () => {
    const flag = flagMaintenance({ flagFile });
    await flag.on({ reason: 'test', retryAfterSeconds: 5 });
    assert.equal(
      (await proveMaintenance({ probes: probes('/'), expect: 'closed', timeoutMs: 2_000 })).proven,
      'closed',
    );
    await assert.rejects(proveMaintenance({ probes: probes('/'), expect: 'open', timeoutMs: 300 }), {
      code: 'maintenance-unproven',
    });
    await assert.rejects(proveMaintenance({ probes: probes('/leak'), expect: 'closed', timeoutMs: 300 }), {
      code: 'maintenance-unproven',
      message: /answered with 200/,
    });
    await flag.off();
    assert.equal(
      (await proveMaintenance({ probes: probes('/'), expect: 'open', timeoutMs: 2_000 })).proven,
      'open',
    );
  });
});
