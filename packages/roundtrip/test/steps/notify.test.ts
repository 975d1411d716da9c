import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlertChannel } from '../../src/alerts/alert-channel.ts';
import { alertChannels } from '../../src/checks/alert-channels.ts';
import type { CheckContext } from '../../src/checks/check.ts';
import { type NotifyArgs, notify, notifyKind } from '../../src/steps/notify.ts';
import type { StepContext } from '../../src/steps/step-kind.ts';
import { secretFile } from '../alerts/receivers.ts';
import { toyPlan } from '../engine/fake-run.ts';

const hook = (name: string, secret?: string): AlertChannel => ({
  kind: 'webhook',
  name,
  url: 'http://127.0.0.1:1/',
  secretFile: secret,
});

function planWith(alerts: readonly AlertChannel[]) {
  const plan = toyPlan([]);
  return { ...plan, target: { ...plan.target, alerts } };
}

async function codesOf(alerts: readonly AlertChannel[], channels?: readonly string[]) {
  const step = notify({ text: 'It begins', channels });
  const context = { plan: planWith(alerts), step } as unknown as StepContext;
  const found = (await notifyKind.check?.(context, step.args as NotifyArgs)) ?? [];
  return found.map(({ code, severity }) => `${severity} ${code}`);
}

test('a name that no channel has is a warning before the night, and no refusal', async () => {
  assert.deepEqual(await codesOf([hook('ops'), hook('support')], ['support']), []);
  assert.deepEqual(await codesOf([hook('ops')]), []);
  assert.deepEqual(await codesOf([hook('ops')], ['suport']), ['warning alert-channel-unknown']);
  assert.deepEqual(await codesOf([]), ['warning alert-channel-unknown']);
});

test('the check warns of channels that could not send', async (context) => {
  const found = await alertChannels.run({
    plan: planWith([
      hook('ops', secretFile(context, 'key')),
      hook('ops'),
      hook('pager', '/nowhere/key'),
      { kind: 'webhook', name: 'nowhere' },
      { kind: 'email', name: 'mail', host: 'mail', port: 25, from: 'a@shop.example', to: [] },
      { kind: 'pigeon', name: 'loft' } as unknown as AlertChannel,
    ]),
  } as unknown as CheckContext);
  assert.deepEqual(
    found.map(({ code, severity }) => `${severity} ${code}`),
    [
      'warning alert-channel-repeated',
      'warning alert-secret-unreadable',
      'warning alert-channel-incomplete',
      'warning alert-channel-incomplete',
      'warning alert-channel-incomplete',
    ],
  );
});
