import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addTallies, emptyTally, type Tally, tallyOf } from '../../src/watch/tally.ts';
import { addSlot, type Slot, tallyWithin, WINDOW_MS_MAX } from '../../src/watch/windows.ts';

const tally = (requests: number, errors: number): Tally => ({ ...emptyTally(0), requests, errors });

test('a reading is counted against every limit of the watch', () => {
  const reading = {
    source: 'api',
    requests: 10,
    errors: 1,
    latency: [
      [0, 400, 6],
      [400, 600, 2],
      [2000, null, 2],
    ] as const,
  };
  assert.deepEqual(tallyOf(reading, [500, 1000]), {
    requests: 10,
    errors: 1,
    timed: 10,
    overCertain: [2, 2],
    overPossible: [4, 2],
  });
  assert.deepEqual(tallyOf({ source: 'api', missing: 'stale' }, [500]), emptyTally(1));
});

const rounds = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 900_000 }),
    a: fc.nat(100),
    b: fc.option(fc.nat(100), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 120 },
);

test('a window holds what came within it, to the ten seconds that are kept together', () => {
  fc.assert(
    fc.property(rounds, fc.constantFrom(60_000, 600_000, 3_600_000, WINDOW_MS_MAX), (given, windowMs) => {
      let atMs = 0;
      let slots: readonly Slot[] = [];
      const came: { atMs: number; sum: number }[] = [];
      for (const { afterMs, a, b } of given) {
        atMs += afterMs;
        const tallies = { a: tally(a, 0), ...(b === undefined ? {} : { b: tally(b, 0) }) };
        slots = addSlot(slots, { atMs, tallies });
        came.push({ atMs, sum: a + (b ?? 0) });
      }
      const { requests } = tallyWithin(slots, { atMs, windowMs, sources: ['a', 'b'], limits: 0 });
      const since = (ms: number) =>
        came.filter((each) => each.atMs > atMs - ms).reduce((total, { sum }) => total + sum, 0);
      assert.ok(
        requests >= since(windowMs) && requests <= since(windowMs + 10_000),
        `${requests} of ${since(windowMs)}`,
      );
    }),
  );
});

test('what no window reaches is not kept', () => {
  let slots: readonly Slot[] = [];
  for (let atMs = 0; atMs <= 2 * WINDOW_MS_MAX; atMs += 10_000) {
    slots = addSlot(slots, { atMs, tallies: { a: tally(1, 0) } });
  }
  assert.equal(slots.length, WINDOW_MS_MAX / 10_000);
});

test('tallies add up', () => {
  const one: Tally = { requests: 3, errors: 1, timed: 2, overCertain: [1, 0], overPossible: [2, 0] };
  assert.deepEqual(addTallies(one, emptyTally(2)), one);
  assert.deepEqual(addTallies(one, one), {
    requests: 6,
    errors: 2,
    timed: 4,
    overCertain: [2, 0],
    overPossible: [4, 0],
  });
});
