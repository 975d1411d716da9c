import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchClock } from '../../src/watch/watch-clock.ts';

const START = Date.UTC(2025, 10, 30, 3, 14);

test('watch time is real time, as many times as fast as is asked', () => {
  let now = START;
  const clock = watchClock({ now: () => new Date(now), speed: 12, last: undefined });
  assert.deepEqual(clock(), { at: '2025-11-30T03:14:00.000Z', atMs: 0 });
  now += 5_000;
  assert.deepEqual(clock(), { at: '2025-11-30T03:14:05.000Z', atMs: 60_000 });
});

test('it goes on where an interrupted watch was, with the time between', () => {
  const last = { at: '2025-11-30T03:14:00.000Z', atMs: 600_000 };
  const clock = watchClock({ now: () => new Date(START + 90_000), speed: 1, last });
  assert.equal(clock().atMs, 690_000);
});

test('a wall clock that is set back does not take the watch back', () => {
  let now = START;
  const clock = watchClock({ now: () => new Date(now), speed: 1, last: undefined });
  now += 60_000;
  const before = clock().atMs;
  now -= 3_600_000;
  const after = clock().atMs;
  assert.ok(after >= before && after < before + 1_000, `${before} then ${after}`);
  now += 60_000;
  assert.ok(clock().atMs >= after + 60_000);
});
