import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { type ServedDashboard, serveDashboard } from '../../src/dashboard/server/serve-dashboard.ts';
import { runPaths } from '../../src/journal/run-directory.ts';
import { createRedactor } from '../../src/process/redact.ts';
import { type RecordedRun, recordedRun, recordUntilMigration } from './recorded-run.ts';

let run: RecordedRun;
let dashboard: ServedDashboard;
let cookie = '';
before(async () => {
  run = recordedRun({ kind: 'live' });
  recordUntilMigration(run);
  dashboard = await serveDashboard({
    state: run.state,
    host: '127.0.0.1',
    port: 0,
    redactorFor: () => createRedactor(['s3cret/canary']),
    now: () => new Date(),
  });
  const answer = await ask(dashboard.url.slice(dashboard.origin.length));
  cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
});
after(() => dashboard.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A request with any headers at all: `fetch` sets Host and Origin itself. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${dashboard.origin}${path}`, { headers, method }, (response) => {
      let body = '';
      const done = (): void => resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
        // A stream of events has no end: its first view is enough.
        if (/event: view\n.*\n\n/.test(body)) sent.destroy();
      });
      response.on('end', done).on('error', done).on('close', done);
    });
    sent.on('error', (error) => (sent.destroyed ? undefined : reject(error)));
    sent.end();
  });
}

describe('who may look at the dashboard', () => {
  it('the token of the URL becomes a cookie that scripts cannot read, and leaves the URL', async () => {
    const { status, headers } = await ask(dashboard.url.slice(dashboard.origin.length));
    assert.equal(status, 303);
    assert.equal(headers.location, '/');
    assert.match(
      String(headers['set-cookie']),
      /^roundtrip-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
  });

  it('nobody without the token, with a wrong one, or with a part of it', async () => {
    const token = new URL(dashboard.url).searchParams.get('token') ?? '';
    for (const path of [
      '/',
      '/api/events',
      '/?token=wrong',
      `/?token=${token.slice(0, -1)}`,
      '/?token=a&token=b',
    ])
      assert.equal((await ask(path)).status, 401, path);
    assert.equal((await ask('/', { cookie })).status, 200);
  });

  it('nobody under a foreign name, cookie or not: DNS rebinding', async () => {
    const port = new URL(dashboard.origin).port;
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      `127.0.0.1.:${port}`,
      `127.0.0.1:${Number(port) + 1}`,
    ])
      assert.equal((await ask('/', { cookie, host })).status, 421, host);
    assert.equal((await ask('/', { cookie, host: `localhost:${port}` })).status, 200);
  });

  it('no other site, and nobody who would change anything', async () => {
    assert.equal((await ask('/api/events', { cookie, origin: 'http://evil.example' })).status, 403);
    assert.equal((await ask('/api/events', { cookie, origin: 'null' })).status, 403);
    // "same-site" is what another port of this machine is, and the cookie goes along with it.
    for (const site of ['cross-site', 'same-site']) {
      const headers = { cookie, 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' };
      assert.equal((await ask('/api/events', headers)).status, 403, site);
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
      assert.equal((await ask('/', { cookie }, method)).status, 405, method);
  });

  it('every answer, refusals too, forbids inline code, frames and foreign sources', async () => {
    for (const path of ['/', '/nowhere']) {
      const policy = String((await ask(path, { cookie })).headers['content-security-policy']);
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    }
    const page = await ask('/', { cookie });
    assert.doesNotMatch(page.body, /<script>|<style|style=|https?:\/\//);
    assert.match(String((await ask('/')).headers['content-security-policy']), /default-src 'none'/);
  });
});

describe('what the dashboard sends', () => {
  it('the view, folded from the journal', async () => {
    const { body, headers } = await ask('/api/events', { cookie });
    assert.match(String(headers['content-type']), /^text\/event-stream/);
    const view = JSON.parse(/event: view\ndata: (.*)\n/.exec(body)?.[1] ?? '{}') as Record<string, unknown>;
    assert.deepEqual([view.kind, view.runId, view.maintenance], ['live', run.runId, 'on']);
  });

  it('a step with its command, its attempts and no secret', async () => {
    const { status, body } = await ask(`/api/runs/${run.runId}/steps/migrate`, { cookie });
    assert.equal(status, 200);
    const detail = JSON.parse(body) as { command: string };
    assert.equal(detail.command, 'shop migrate --password [redacted] "два слова"');
    assert.doesNotMatch(body, /s3cret/);
  });

  it('no step of a run or a step that is not there, however its name is spelled', async () => {
    for (const path of [
      '/api/runs/x/steps/migrate',
      `/api/runs/${run.runId}/steps/x`,
      '/api/runs/..%2F..%2Fetc/steps/migrate',
    ])
      assert.equal((await ask(path, { cookie })).status, 404, path);
  });

  it('a problem instead of a view when the journal was edited, and never the old view as if it were true', async () => {
    const broken = recordedRun({ kind: 'live' });
    appendFileSync(runPaths(broken.state, broken.runId).journal, '{"n":2}\n');
    const other = await serveDashboard({
      state: broken.state,
      host: '127.0.0.1',
      port: 0,
      redactorFor: () => createRedactor([]),
      now: () => new Date(),
    });
    try {
      const first = await fetch(other.url, { redirect: 'manual' });
      const held = String(first.headers.get('set-cookie')).split(';')[0] ?? '';
      const stream = await fetch(`${other.origin}/api/events`, { headers: { cookie: held } });
      const reader = stream.body?.getReader();
      let text = '';
      while (!/event: (view|problem)\n.*\n\n/.test(text))
        text += new TextDecoder().decode((await reader?.read())?.value);
      await reader?.cancel();
      assert.match(text, /event: problem\ndata: \{"code":"journal-edited"/);
      assert.doesNotMatch(text, /event: view/);
    } finally {
      await other.close();
    }
  });
});
