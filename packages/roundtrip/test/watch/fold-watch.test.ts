import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applySample, foldWatch } from '../../src/watch/fold-watch.ts';
import type { WatchSample } from '../../src/watch/watch-sample.ts';
import { EMPTY_WATCH } from '../../src/watch/watch-state.ts';
import { API, COLOURS, LOG, MINUTE_MS, minutes, sampleAt, settled, traffic } from './simulate.ts';

test('time with data is covered', () => {
  const state = foldWatch(
    settled(),
    minutes(0, 60, () => traffic(10)),
  );
  assert.equal(state.coveredMs, 60 * MINUTE_MS);
  assert.deepEqual(state.gaps, []);
  assert.equal(state.totals.api?.requests, 610);
});

test('a machine asleep is a gap that does not count', () => {
  const samples = [...minutes(0, 10, () => traffic(10)), ...minutes(100, 110, () => traffic(10))];
  const state = foldWatch(settled(), samples);
  assert.equal(state.coveredMs, 20 * MINUTE_MS);
  assert.deepEqual(state.gaps, [
    { fromMs: 10 * MINUTE_MS, toMs: 100 * MINUTE_MS, reason: 'no sample was taken' },
  ]);
  assert.equal(state.lostMs, 90 * MINUTE_MS);
  assert.match(state.notes[0]?.text ?? '', /no data \(no sample was taken\)/);
});

const UNUSABLE: readonly (readonly [string, WatchSample['readings'], RegExp])[] = [
  ['missing', [{ source: 'api', missing: 'stale' }], /api: stale/],
  ['not read', [], /api: not read/],
  ['NaN', [{ source: 'api', requests: Number.NaN, errors: 0 }], /requests is NaN/],
  ['a fraction', [{ source: 'api', requests: 1.5, errors: 0 }], /requests is 1.5/],
  ['negative', [{ source: 'api', requests: 5, errors: -1 }], /errors is -1/],
  ['more errors than requests', [{ source: 'api', requests: 1, errors: 2 }], /2 errors of 1 requests/],
];

for (const [what, readings, reason] of UNUSABLE) {
  test(`a reading that is ${what} is a gap, not a good minute`, () => {
    const state = foldWatch(settled(), [
      ...minutes(0, 10, () => traffic(10)),
      ...minutes(11, 20, () => readings),
    ]);
    assert.equal(state.coveredMs, 10 * MINUTE_MS);
    assert.equal(state.gaps.length, 1, 'one gap, not ten');
    assert.match(state.gaps[0]?.reason ?? '', reason);
    assert.equal(state.gaps[0]?.toMs, 20 * MINUTE_MS);
    assert.equal(state.totals.api?.requests, 110);
  });
}

test('a short silence is thin traffic, a long one is a gap', () => {
  const quiet = (minute: number) => traffic(minute % 5 === 0 ? 3 : 0);
  assert.equal(foldWatch(settled(), minutes(0, 60, quiet)).coveredMs, 60 * MINUTE_MS);
  const silent = [
    ...minutes(0, 10, () => traffic(2)),
    ...minutes(11, 40, () => traffic(0)),
    ...minutes(41, 50, () => traffic(2)),
  ];
  const state = foldWatch(settled(), silent);
  assert.deepEqual(state.gaps, [
    { fromMs: 10 * MINUTE_MS, toMs: 40 * MINUTE_MS, reason: 'no request at all' },
  ]);
  assert.equal(state.coveredMs, 20 * MINUTE_MS);
});

test('one of two sources that stops is noticed although the other goes on', () => {
  const both = (log: number) => () => [...traffic(10), { source: 'log', requests: log, errors: 0 }];
  const watch = settled({ sources: [API, LOG] });
  const stopped = foldWatch(watch, [...minutes(0, 60, both(20)), ...minutes(61, 80, both(0))]);
  assert.ok(
    stopped.notes.some(({ level, text }) => level === 'page' && /log: no request for 10 min/.test(text)),
  );
  assert.ok(stopped.gaps.some(({ reason }) => reason === 'log: its traffic stopped'));
  const back = foldWatch(watch, [
    ...minutes(0, 60, both(20)),
    ...minutes(61, 80, both(0)),
    ...minutes(81, 85, both(20)),
  ]);
  assert.ok(back.notes.some(({ text }) => text === 'log: its traffic is back'));
});

test('a night log with a request now and then has not stopped', () => {
  const both = (minute: number) => [
    ...traffic(10),
    { source: 'log', requests: minute % 15 === 0 ? 1 : 0, errors: 0 },
  ];
  assert.deepEqual(foldWatch(settled({ sources: [API, LOG] }), minutes(0, 300, both)).gaps, []);
});

test('an SQL source that fails is a gap like any other', () => {
  const watch = settled({ sources: [API, COLOURS] });
  const state = foldWatch(
    watch,
    minutes(0, 10, () => [...traffic(10), { source: 'colours', missing: 'relation does not exist' }]),
  );
  assert.equal(state.coveredMs, 0);
});

test('a clock that goes back adds no time', () => {
  const state = foldWatch(settled(), [
    sampleAt(5 * MINUTE_MS, ...traffic(10)),
    sampleAt(1 * MINUTE_MS, ...traffic(10)),
    sampleAt(6 * MINUTE_MS, ...traffic(10)),
  ]);
  assert.equal(state.coveredMs, MINUTE_MS);
  assert.equal(state.atMs, 6 * MINUTE_MS);
});

const anySample = fc.record({
  stepMinutes: fc.integer({ min: 1, max: 5 }),
  readings: fc.oneof(
    fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => traffic(Math.max(a, b), Math.min(a, b))),
    fc.constant(traffic(2)),
    fc.constant(traffic(0)),
    fc.constant([{ source: 'api', missing: 'no answer' }]),
    fc.constant([]),
  ),
});

function timed(parts: readonly { stepMinutes: number; readings: WatchSample['readings'] }[]): WatchSample[] {
  let minute = 0;
  return parts.map(({ stepMinutes, readings }) => {
    minute += stepMinutes;
    return sampleAt(minute * MINUTE_MS, ...readings);
  });
}

test('a watch cut anywhere and read back from its file knows the same', () => {
  fc.assert(
    fc.property(fc.array(anySample, { maxLength: 60 }), fc.nat(60), (parts, cut) => {
      const samples = timed(parts);
      const watch = settled();
      const kept = JSON.parse(JSON.stringify(samples.slice(0, cut))) as WatchSample[];
      const resumed = samples
        .slice(cut)
        .reduce((state, sample) => applySample(watch, state, sample), foldWatch(watch, kept));
      assert.deepEqual(resumed, foldWatch(watch, samples));
    }),
  );
});

test('time is covered, silent or lost, and never twice', () => {
  fc.assert(
    fc.property(fc.array(anySample, { minLength: 1, maxLength: 80 }), (parts) => {
      const samples = timed(parts);
      const state = foldWatch(settled(), samples);
      const elapsed = (state.atMs ?? 0) - (samples[0]?.atMs ?? 0);
      assert.equal(state.coveredMs + state.silentMs + state.lostMs, elapsed);
    }),
  );
});

test('samples are read, never changed', () => {
  const before = foldWatch(
    settled(),
    minutes(0, 5, () => traffic(10, 1)),
  );
  const copy = structuredClone(before);
  applySample(settled(), before, sampleAt(6 * MINUTE_MS, ...traffic(10)));
  assert.deepEqual(before, copy);
  assert.equal(EMPTY_WATCH.samples, 0);
});
