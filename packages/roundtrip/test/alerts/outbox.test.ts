import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlertChannel } from '../../src/alerts/alert-channel.ts';
import type { Delivery } from '../../src/alerts/deliver.ts';
import { createOutbox } from '../../src/alerts/outbox.ts';
import { type Answer, gate, httpReceiver } from './receivers.ts';

function boxOf(channels: readonly AlertChannel[]) {
  const deliveries: Delivery[] = [];
  const outbox = createOutbox({
    channels,
    redact: (text) => text,
    onDelivery: (delivery) => void deliveries.push(delivery),
  });
  return { outbox, deliveries };
}

const hook = (name: string, url: string, changes: Partial<AlertChannel> = {}): AlertChannel =>
  ({ kind: 'webhook', name, url, ...changes }) as AlertChannel;

const ids = (received: readonly { readonly body: string }[]) =>
  received.map(({ body }) => (JSON.parse(body) as { id: string }).id);

test('alerts of a channel come in order, and a silent channel holds up no other', async (context) => {
  const silent = await httpReceiver(context, (): Answer => undefined);
  const well = await httpReceiver(context, () => ({ status: 200 }));
  const { outbox, deliveries } = boxOf([hook('silent', silent.url), hook('well', well.url)]);
  for (const n of [1, 2, 3]) outbox.post(gate({ id: `a${n}` }));
  await outbox.settle(1_000);
  assert.deepEqual(ids(well.received), ['a1', 'a2', 'a3']);
  assert.deepEqual(
    deliveries.filter(({ delivered }) => delivered).map(({ channel }) => channel),
    ['well', 'well', 'well'],
  );
  const undelivered = deliveries.filter(({ delivered }) => !delivered);
  assert.deepEqual(
    undelivered.map(({ id, channel }) => `${id} ${channel}`),
    ['a1 silent', 'a2 silent', 'a3 silent'],
    'what is given up is told, each once',
  );
});

test('a channel gets the events it asks for, and messages that are for it', async (context) => {
  const { url, received } = await httpReceiver(context, () => ({ status: 200 }));
  const { outbox } = boxOf([hook('one', url, { events: ['step-failed', 'message'] })]);
  outbox.post(gate({ id: 'gate' }));
  outbox.post(gate({ id: 'failed', event: 'step-failed' }));
  outbox.post(gate({ id: 'for-two', event: 'message', channels: ['two'] }));
  outbox.post(gate({ id: 'for-one', event: 'message', channels: ['one', 'two'] }));
  await outbox.settle(10_000);
  assert.deepEqual(ids(received), ['failed', 'for-one']);
});

test('a channel that nobody reads has a limit: the rest is kept as undelivered at once', async (context) => {
  const silent = await httpReceiver(context, (): Answer => undefined);
  const { outbox, deliveries } = boxOf([hook('silent', silent.url)]);
  for (let n = 0; n < 103; n++) outbox.post(gate({ id: `a${n}` }));
  assert.deepEqual(
    deliveries.map(({ id, seen }) => `${id}: ${seen}`),
    [100, 101, 102].map((n) => `a${n}: 100 alerts wait in this channel already`),
  );
  await outbox.settle(10);
  assert.equal(deliveries.length, 103);
});
