import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import type { Alert } from '../../src/alerts/alert.ts';
import type { AlertChannel } from '../../src/alerts/alert-channel.ts';
import { deliver } from '../../src/alerts/deliver.ts';
import { slackMessage } from '../../src/alerts/post-to-slack.ts';
import { createRedactor } from '../../src/process/redact.ts';
import { refusedUrl } from '../watch/serve.ts';
import { type Answer, gate, httpReceiver, mailReceiver, secretFile } from './receivers.ts';

const HEAD = 'ab'.repeat(32);

/** Delivers without waiting, and says how long it would have waited. */
async function send(channel: AlertChannel, alert: Alert = gate(), secrets: readonly string[] = []) {
  const waits: number[] = [];
  const delivery = await deliver(alert, channel, {
    signal: new AbortController().signal,
    redact: createRedactor(secrets),
    wait: async (ms) => void waits.push(ms),
  });
  return { ...delivery, waits };
}

async function slack(context: TestContext, answer: (n: number) => Answer, timeoutMs = 10_000) {
  const receiver = await httpReceiver(context, answer);
  const urlFile = secretFile(context, `${receiver.url}/services/T0/B0/canary-0815`);
  return { ...receiver, channel: { kind: 'slack', name: 'ops', urlFile, timeoutMs } as const };
}

test('Slack: blocks and text, with the head hash, and delivered when Slack says ok', async (context) => {
  const { channel, received } = await slack(context, () => ({ status: 200 }));
  const { delivered, attempts, seen } = await send(channel);
  assert.deepEqual([delivered, attempts, seen], [true, 1, 'HTTP 200 ok']);
  const message = JSON.parse(received[0]?.body ?? '') as { text: string; blocks: { type: string }[] };
  assert.deepEqual(
    message.blocks.map(({ type }) => type),
    ['header', 'section', 'section', 'section', 'context'],
  );
  for (const part of [message.text, JSON.stringify(message.blocks)]) {
    assert.ok(part.includes(HEAD), part);
    assert.ok(part.includes('roundtrip approve --run run-1 --step meeting'));
    // What an error text holds must not become a mention or a link.
    assert.ok(part.includes('&lt;everyone&gt; ready &amp; well') && !part.includes('<everyone>'));
  }
});

test('Slack: no block is longer than Slack takes', () => {
  const message = slackMessage(
    gate({ target: 'x'.repeat(500), lines: Array.from({ length: 20 }, () => 'y'.repeat(1_000)) }),
  );
  for (const block of message.blocks ?? []) {
    const text = 'text' in block && typeof block.text === 'object' ? (block.text?.text ?? '') : '';
    assert.ok(text.length <= (block.type === 'header' ? 150 : 3_000), `${block.type}: ${text.length}`);
  }
});

test('Slack: a page of a proxy with status 200 is no delivery', async (context) => {
  const { channel, received } = await slack(context, () => ({ status: 200, body: '<html>sign in</html>' }));
  const { delivered, attempts, seen } = await send(channel);
  assert.deepEqual([delivered, attempts, received.length], [false, 5, 5]);
  assert.match(seen, /not Slack's/);
});

test('Slack down for three attempts is delivered by the fourth, with growing pauses', async (context) => {
  const { channel } = await slack(context, (n) => ({ status: n < 3 ? 503 : 200 }));
  const { delivered, attempts, waits } = await send(channel);
  assert.deepEqual([delivered, attempts, waits], [true, 4, [1_000, 5_000, 20_000]]);
});

test('Slack asks to wait (429): it is waited for, and not for ever', async (context) => {
  const retryAfter = ['30', '999999'];
  const { channel } = await slack(context, (n) =>
    n < 2 ? { status: 429, headers: { 'retry-after': retryAfter[n] ?? '' } } : { status: 200 },
  );
  const { delivered, waits } = await send(channel);
  assert.deepEqual([delivered, waits], [true, [30_000, 120_000]]);
});

test('Slack says the webhook is gone: not tried again', async (context) => {
  const { channel, received } = await slack(context, () => ({ status: 404, body: 'no_service' }));
  const { delivered, seen } = await send(channel);
  assert.deepEqual([delivered, seen, received.length], [false, 'HTTP 404 (no_service)', 1]);
});

test('nobody listens, or nobody answers: tried five times, then given up', async (context) => {
  const urlFile = secretFile(context, `${await refusedUrl()}/services/T0/B0/canary-0815`);
  const down = await send({ kind: 'slack', name: 'ops', urlFile });
  assert.deepEqual([down.delivered, down.attempts], [false, 5]);
  assert.match(down.seen, /ECONNREFUSED/);
  const { channel } = await slack(context, () => undefined, 30);
  const silent = await send(channel);
  assert.deepEqual([silent.delivered, silent.attempts], [false, 5]);
});

test('secrets leave neither in the message nor in what is kept of it', async (context) => {
  const { channel, received } = await slack(context, () => ({
    status: 404,
    body: 'no /services/T0/B0/canary-0815, and hunter2',
  }));
  // The receiver knows its own URL; here it says it back, as error pages do.
  const alert = gate({ lines: ['password=hunter2 failed', Buffer.from('u:hunter2').toString('base64')] });
  const { seen } = await send(channel, alert, ['hunter2']);
  const body = received[0]?.body ?? '';
  assert.ok(body.includes('[redacted]') && !body.includes('hunter2'), body);
  assert.ok(!body.includes(Buffer.from('u:hunter2').toString('base64')));
  assert.ok(!seen.includes('hunter2'), seen);
});

test('a channel whose secret is missing is reported, and nothing throws', async () => {
  const { delivered, attempts, seen } = await send({ kind: 'slack', name: 'ops', urlFile: '/nowhere/url' });
  assert.deepEqual([delivered, attempts], [false, 1]);
  assert.match(seen, /\/nowhere\/url: ENOENT/);
});

for (const secret of [`whsec_${Buffer.from('a key of 24 bytes at all').toString('base64')}`, 'any text']) {
  test(`webhook: signed with ${secret.slice(0, 6)}…, so that its receiver can verify it`, async (context) => {
    const { url, received } = await httpReceiver(context, () => ({ status: 204, body: '' }));
    const file = secretFile(context, secret);
    const { delivered, seen } = await send({ kind: 'webhook', name: 'pager', url, secretFile: file });
    assert.deepEqual([delivered, seen], [true, 'HTTP 204']);
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    const receiver = new Webhook(secret, secret.startsWith('whsec_') ? {} : { format: 'raw' });
    const alert = receiver.verify(body, headers as Record<string, string>) as Alert;
    assert.equal(alert.head?.hash, HEAD);
    assert.equal(headers['webhook-id'], 'run-1/41/gate-waits');
    assert.throws(() => receiver.verify(body.replace('41', '42'), headers as Record<string, string>));
  });
}

test('webhook: an address that is a secret is read from its file and said nowhere', async (context) => {
  const { url }: { url: string } = await httpReceiver(context, () => ({
    status: 410,
    body: `gone: ${url}/token-0815`,
  }));
  const urlFile = secretFile(context, `${url}/token-0815`);
  const { delivered, seen } = await send({ kind: 'webhook', name: 'pager', urlFile });
  assert.deepEqual([delivered, seen], [false, 'HTTP 410 (gone: [redacted])']);
});

test('webhook: a redirect is not followed and is no delivery', async (context) => {
  const other = await httpReceiver(context, () => ({ status: 200 }));
  const { url } = await httpReceiver(context, () => ({ status: 302, headers: { location: other.url } }));
  const { delivered, attempts } = await send({ kind: 'webhook', name: 'pager', url });
  assert.deepEqual([delivered, attempts, other.received.length], [false, 1, 0]);
});

function mail(port: number, changes: Partial<Extract<AlertChannel, { kind: 'email' }>> = {}): AlertChannel {
  const to = ['team@shop.example', 'boss@shop.example'];
  const from = 'roundtrip@shop.example';
  return { kind: 'email', name: 'mail', host: '127.0.0.1', port, tls: 'none', from, to, ...changes };
}

test('mail: taken by the server for every recipient, as text with the head hash', async (context) => {
  const { port, mails } = await mailReceiver(context);
  const { delivered, seen } = await send(mail(port), gate({ level: 'critical' }));
  assert.equal(delivered, true, seen);
  assert.match(seen, /^SMTP 250/);
  const [{ text, recipients } = { text: '', recipients: [] }] = mails;
  assert.deepEqual(recipients, ['team@shop.example', 'boss@shop.example']);
  const plain = text.replaceAll(/=\r?\n/g, '').replaceAll('=3D', '=');
  assert.ok(plain.includes(HEAD), plain);
  assert.match(plain, /^X-Priority: 1/m);
});

test('mail: a recipient that is refused is no delivery, although another got it', async (context) => {
  const { port, mails } = await mailReceiver(context, {
    onRcptTo: ({ address }, _session, done) =>
      done(
        address.startsWith('boss') ? Object.assign(new Error('no such user'), { responseCode: 550 }) : null,
      ),
  });
  const { delivered, attempts, seen } = await send(mail(port));
  assert.deepEqual([delivered, attempts, mails.length], [false, 1, 1]);
  assert.match(seen, /boss@shop\.example/);
});

test('mail: 4xx is tried again, 5xx and a wrong password are not', async (context) => {
  let calls = 0;
  const busy = await mailReceiver(context, {
    onMailFrom: (_address, _session, done) =>
      done(calls++ < 2 ? Object.assign(new Error('try later'), { responseCode: 451 }) : null),
  });
  const later = await send(mail(busy.port));
  assert.deepEqual([later.delivered, later.attempts], [true, 3]);
  const closed = await mailReceiver(context, {
    onMailFrom: (_address, _session, done) => done(Object.assign(new Error('never'), { responseCode: 554 })),
  });
  const never = await send(mail(closed.port));
  assert.deepEqual([never.delivered, never.attempts], [false, 1]);
  const locked = await mailReceiver(context, {
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: (_auth, _session, done) => done(new Error('wrong password canary-4711')),
  });
  const passwordFile = secretFile(context, 'canary-4711');
  const wrong = await send(mail(locked.port, { user: 'bot', passwordFile }));
  assert.deepEqual([wrong.delivered, wrong.attempts], [false, 1]);
  assert.ok(!wrong.seen.includes('canary-4711'), wrong.seen);
});

test('mail: without TLS nothing is sent unless the target says so', async (context) => {
  const { port, mails } = await mailReceiver(context);
  const { delivered } = await send(mail(port, { tls: undefined }));
  assert.deepEqual([delivered, mails.length], [false, 0]);
});

test('mail: a server that says nothing is given up in time', async (context) => {
  const { port } = await mailReceiver(context, { onConnect: () => undefined });
  const { delivered, attempts } = await send(mail(port, { timeoutMs: 50 }));
  assert.deepEqual([delivered, attempts], [false, 5]);
});
