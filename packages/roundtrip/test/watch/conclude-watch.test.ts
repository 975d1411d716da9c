import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concludeWatch, isOver } from '../../src/watch/conclude-watch.ts';
import { foldWatch } from '../../src/watch/fold-watch.ts';
import { storyMatrix } from '../../src/watch/matrix.ts';
import { type Baseline, settleWatch } from '../../src/watch/settled-watch.ts';
import type { SourceReading, WatchSample } from '../../src/watch/watch-sample.ts';
import { API, HOST, HOUR_MS, LOG, MINUTE_MS, minutes, planOf, settled, traffic } from './simulate.ts';

const hour = { durationMs: HOUR_MS };

function verdictOf(samples: readonly WatchSample[], changes = {}) {
  const watch = settled({ ...hour, ...changes });
  return concludeWatch(watch, foldWatch(watch, samples));
}

test('a good hour passes, and says what shows it', () => {
  const result = verdictOf(minutes(0, 60, () => traffic(30)));
  assert.equal(result.verdict, 'pass');
  assert.match(
    result.reason,
    /error rate < 1 %: 0 of 1830 requests failed, between 0 % and 0\.164 % \(api\)/,
  );
  assert.equal(result.rollback, 'no');
  assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
});

test('a good hour with too few requests is inconclusive, and says how many it takes', () => {
  const result = verdictOf(minutes(0, 60, () => traffic(4)));
  assert.equal(result.verdict, 'inconclusive');
  assert.match(result.reason, /it takes 299 without an error/);
});

test('too few requests extend the watch until they could suffice, not until the verdict is a good one', () => {
  const watch = settled(hour);
  const at = (minute: number, errors = 0) =>
    isOver(
      watch,
      foldWatch(
        watch,
        minutes(0, minute, (each) => traffic(4, each === 5 ? errors : 0)),
      ),
    );
  assert.equal(at(60), false);
  // 75 minutes of four requests are the first with 299.
  assert.deepEqual([at(73), at(74)], [false, true]);
  assert.equal(at(74, 1), true, 'with an error it takes more, and is inconclusive');
});

test('above 1 % over the whole watch is a failure that a human answers', () => {
  const result = verdictOf(minutes(0, 60, () => traffic(100, 2)));
  assert.deepEqual([result.verdict, result.rollback, result.decides], ['fail', 'maybe', 'Backend']);
});

test('only errors fail and roll back', () => {
  const result = verdictOf(minutes(0, 60, () => traffic(10, 10)));
  assert.deepEqual([result.verdict, result.rollback], ['fail', 'yes']);
});

test('a gap extends the watch until its time is covered', () => {
  const watch = settled(hour);
  const before = minutes(0, 30, () => traffic(30));
  const cut = foldWatch(watch, [...before, ...minutes(50, 60, () => traffic(30))]);
  assert.equal(isOver(watch, cut), false);
  const whole = foldWatch(watch, [...before, ...minutes(50, 80, () => traffic(30))]);
  assert.equal(isOver(watch, whole), true);
  const result = concludeWatch(watch, whole);
  assert.deepEqual(
    [result.verdict, result.elapsedMs, result.lostMs],
    ['pass', 80 * MINUTE_MS, 20 * MINUTE_MS],
  );
});

test('extended as far as it may be, it ends inconclusive', () => {
  const watch = settled(hour);
  const state = foldWatch(watch, [
    ...minutes(0, 30, () => traffic(30)),
    ...minutes(31, 120, () => [{ source: 'api', missing: 'no answer' }]),
  ]);
  assert.equal(isOver(watch, state), true);
  const result = concludeWatch(watch, state);
  assert.equal(result.verdict, 'inconclusive');
  assert.match(result.reason, /30min of 1h are covered by data, 1h 30min were lost \(last: api: no answer\)/);
});

test('a source that never gave anything is not a pass', () => {
  const silentLog = () => [...traffic(30), { source: 'log', requests: 0, errors: 0, probes: 0 }];
  const result = verdictOf(minutes(0, 60, silentLog), { sources: [API, LOG] });
  assert.equal(result.verdict, 'inconclusive');
  assert.match(result.reason, /log never gave any data/);
  // Our own probes in it show that it is the right log.
  const quietLog = () => [...traffic(30), { source: 'log', requests: 0, errors: 0, probes: 30 }];
  assert.equal(verdictOf(minutes(0, 60, quietLog), { sources: [API, LOG] }).verdict, 'pass');
});

test('a goal that was never measured is not a pass', () => {
  const goals = [
    { metric: 'errorRate', max: 0.01 },
    { metric: 'latencyMs', quantile: 0.95, max: 500 },
  ];
  const result = verdictOf(
    minutes(0, 60, () => traffic(30)),
    { goals },
  );
  assert.equal(result.verdict, 'inconclusive');
  assert.match(result.reason, /p95 < 500 ms is not shown: no data/);
});

test('p95 is judged by its exact bound', () => {
  const goals = [{ metric: 'latencyMs', quantile: 0.95, max: 500 }];
  const timed = (over: number) => (): readonly SourceReading[] => [
    {
      source: 'api',
      requests: 100,
      errors: 0,
      latency: [[0, 100, 100 - over], ...(over === 0 ? [] : [[500, 600, over] as const])],
    },
  ];
  assert.equal(verdictOf(minutes(0, 60, timed(3)), { goals }).verdict, 'pass');
  assert.equal(verdictOf(minutes(0, 60, timed(5)), { goals }).verdict, 'inconclusive');
  assert.equal(verdictOf(minutes(0, 60, timed(8)), { goals }).verdict, 'fail');
});

test('high load is told and does not keep a watch from passing', () => {
  const readings = (minute: number) => [
    ...traffic(30),
    { source: 'host', values: { cpu: minute === 30 ? 0.99 : 0.3, memory: 0.4 } },
  ];
  const goals = [
    { metric: 'errorRate', max: 0.01 },
    { metric: 'cpu', max: 0.9 },
  ];
  const result = verdictOf(minutes(0, 60, readings), { goals, sources: [API, HOST] });
  assert.equal(result.verdict, 'pass');
  assert.deepEqual(
    result.goals.map(({ result: each }) => each),
    ['held', 'alerted'],
  );
});

test('a row that still holds at the end is not a pass', () => {
  const slowly = (): readonly SourceReading[] => [
    {
      source: 'api',
      requests: 30,
      errors: 0,
      latency: [
        [0, 100, 24],
        [1000, null, 6],
      ],
    },
  ];
  const result = verdictOf(minutes(0, 60, (minute) => (minute < 30 ? traffic(30) : slowly())));
  assert.equal(result.verdict, 'inconclusive');
  assert.match(result.reason, /p95 response time > 1000 ms: .* is not over/);
  assert.equal(result.decides, 'DevOps');
});

test('far worse than before the change is not a pass, although the limit holds', () => {
  const baseline: Baseline = {
    takenAt: '2025-11-30T00:00:00.000Z',
    sources: { api: { requests: 100_000, errors: 20, latency: [[0, 50, 100_000]] } },
  };
  const watch = settleWatch({ plan: planOf(hour), matrix: storyMatrix(), baseline });
  const worse = foldWatch(
    watch,
    minutes(0, 60, (minute) => traffic(1000, minute % 2 === 0 ? 4 : 3)),
  );
  const result = concludeWatch(watch, worse);
  assert.equal(result.verdict, 'inconclusive');
  assert.match(result.reason, /fail, at most .* did before the change/);
  const same = foldWatch(
    watch,
    minutes(0, 60, (minute) => traffic(1000, minute % 5 === 0 ? 1 : 0)),
  );
  assert.equal(concludeWatch(watch, same).verdict, 'pass');
});

test('far slower than before the change is not a pass, unless nobody could notice', () => {
  const baseline: Baseline = {
    takenAt: '2025-11-30T00:00:00.000Z',
    sources: { api: { requests: 100_000, errors: 0, latency: [[0, 20, 100_000]] } },
  };
  const watch = settleWatch({ plan: planOf(hour), matrix: storyMatrix(), baseline });
  const after = (lowerMs: number, upperMs: number) => {
    const slower: SourceReading = {
      source: 'api',
      requests: 1000,
      errors: 0,
      latency: [[lowerMs, upperMs, 1000]],
    };
    return concludeWatch(
      watch,
      foldWatch(
        watch,
        minutes(0, 60, () => [slower]),
      ),
    );
  };
  assert.equal(after(60, 80).verdict, 'pass');
  const slow = after(150, 200);
  assert.equal(slow.verdict, 'inconclusive');
  assert.match(slow.reason, /p95 is at least 150 ms, it was at most 20 ms before the change/);
});

test('nothing passes without data, whatever the samples look like', () => {
  const useless: fc.Arbitrary<readonly SourceReading[]> = fc.oneof(
    fc.constant([]),
    fc.constant([{ source: 'api', missing: 'no answer' }]),
    fc.constant([{ source: 'api', requests: 0, errors: 0 }]),
    fc.constant([{ source: 'api', requests: Number.NaN, errors: Number.NaN }]),
    fc.constant([{ source: 'somebody else', requests: 1000, errors: 0 }]),
    fc.nat(50).map((requests) => traffic(requests, requests)),
  );
  fc.assert(
    fc.property(fc.array(useless, { maxLength: 130 }), (readings) => {
      const samples = minutes(0, readings.length - 1, (minute) => readings[minute] ?? []);
      assert.notEqual(verdictOf(samples).verdict, 'pass');
    }),
  );
});
