import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { expectHttp, httpRequest } from '../../src/services/http.ts';

const endless = { closed: false };
const server = createServer((request, response) => {
  if (request.url === '/hang') return;
  if (request.url === '/endless') {
    response.once('close', () => {
      endless.closed = true;
    });
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
      if (!response.destroyed) response.once('drain', more);
    };
    return more();
  }
  response.statusCode = request.url === '/broken' ? 500 : 200;
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

  it('shows no part of a password that holds an @', async () => {
    await assert.rejects(
      httpRequest({ url: 'http://user:first@second@127.0.0.1:1/' }),
      (error: Error) => !/first|second/.test(error.message),
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

describe('httpRequest', () => {
  it('takes 4 MiB of an answer without end, and hangs up', async () => {
    const answer = await httpRequest({ url: `${base}/endless`, timeoutMs: 60_000 });
    assert.deepEqual(
      [answer.status, answer.body.length, answer.cut, answer.json],
      [200, 4 << 20, true, undefined],
    );
    for (let i = 0; i < 100 && !endless.closed; i += 1) await delay(20);
    assert.equal(endless.closed, true);
    await assert.rejects(
      expectHttp({ url: `${base}/endless` }, { checks: [{ path: 'count', is: '=', value: 2 }] }),
      { code: 'http-unexpected', message: /cut after 4194304 bytes/ },
    );
  });

  it('tells an interruption from a service that does not answer', async () => {
    const abort = new AbortController();
    const asking = httpRequest({ url: `${base}/hang`, signal: abort.signal });
    setTimeout(() => abort.abort(), 50);
    await assert.rejects(asking, { code: 'http-aborted' });
    await assert.rejects(httpRequest({ url: `${base}/hang`, timeoutMs: 100 }), {
      code: 'http-unreachable',
      message: /no answer within 100 ms/,
    });
  });
});
