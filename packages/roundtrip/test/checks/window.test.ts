import assert from 'node:assert/strict';
import { test } from 'node:test';
import { insideWindow } from '../../src/checks/inside-window.ts';
import { migrate } from '../../src/steps/run-command.ts';
import { codesOf, findingsOf, planOn } from './check-context.ts';

const NOWHERE = { host: '127.0.0.1', port: 1, user: 'nobody', database: 'none' };
const plan = (zone: string, planned = '30min') =>
  planOn(NOWHERE, {
    window: { start: '02:00', end: '04:00', zone },
    steps: () => [{ ...migrate({ argv: ['true'], planned }), effect: 'none' }],
    rollbackMargin: '10min',
  });
const codes = async (planned: ReturnType<typeof plan>, now: string) =>
  codesOf(await findingsOf(insideWindow, planned, { now: new Date(now) }));

test('a run begins inside the window, with plan and rollback still fitting in', async () => {
  assert.deepEqual(await codes(plan('UTC'), '2026-06-10T02:30:00Z'), []);
  assert.deepEqual(await codes(plan('UTC'), '2026-06-10T03:30:00Z'), ['refusal window-too-short']);
  assert.deepEqual(await codes(plan('UTC'), '2026-06-10T12:00:00Z'), ['refusal outside-window']);
});

test('a plan that fits into no window is told days ahead', async () => {
  assert.deepEqual(await codes(plan('UTC', '3h'), '2026-06-10T12:00:00Z'), [
    'refusal outside-window',
    'refusal window-too-short',
  ]);
});

test('a night without 02:00, or with two of them, is told two weeks ahead', async () => {
  // In Berlin 02:00 does not exist on 2026-03-29, and exists twice on 2026-10-25.
  for (const [now, seen] of [
    ['2026-03-20T01:30:00Z', /02:00 on 2026-03-29 occurs never in Europe\/Berlin/],
    ['2026-10-15T00:30:00Z', /02:00 on 2026-10-25 occurs twice in Europe\/Berlin/],
  ] as const) {
    const found = await findingsOf(insideWindow, plan('Europe/Berlin'), { now: new Date(now) });
    assert.deepEqual(codesOf(found), ['warning window-ambiguous-ahead']);
    assert.match(found[0]?.seen ?? '', seen);
  }
  assert.deepEqual(await codes(plan('Europe/Berlin'), '2026-06-10T00:30:00Z'), []);
  await assert.rejects(codes(plan('Europe/Berlin'), '2026-03-28T20:00:00Z'), { code: 'ambiguous-window' });
});
