import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Refused } from '../../src/errors.ts';
import {
  addLatencies,
  countLatencies,
  countOver,
  judgeQuantile,
  type LatencyCount,
  latencyEdges,
  quantileBounds,
  requireSeeingHistogram,
} from '../../src/watch/latency.ts';

const EDGES = latencyEdges([500, 1000]);
const counted = (...values: readonly number[]) => countLatencies(values, EDGES);
const times = (count: number, ms: number) => Array.from({ length: count }, () => ms);

function judge(counts: readonly LatencyCount[], quantile: number, limitMs: number) {
  return judgeQuantile({ over: countOver(counts, limitMs), quantile, confidence: 0.95 });
}

test('p95 takes 59 samples and p99 takes 299', () => {
  assert.equal(judge(counted(...times(58, 20)), 0.95, 500), 'open');
  assert.equal(judge(counted(...times(59, 20)), 0.95, 500), 'below');
  assert.equal(judge(counted(...times(298, 20)), 0.99, 500), 'open');
  assert.equal(judge(counted(...times(299, 20)), 0.99, 500), 'below');
});

test('the upper bound of p95 exists from 59 samples on', () => {
  const bounds = (n: number) =>
    quantileBounds({ counts: counted(...times(n, 20)), quantile: 0.95, confidence: 0.95 });
  assert.equal(bounds(58).upperMs, null);
  assert.equal(
    bounds(59).upperMs,
    EDGES.find((edge) => edge >= 20),
  );
});

test('no response time is on the wrong side of a limit', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 200_000, noNaN: true }), { maxLength: 50 }), (values) => {
      for (const limit of [500, 1000]) {
        const slower = values.filter((value) => value > limit).length;
        assert.deepEqual(countOver(counted(...values), limit), {
          certain: slower,
          possible: slower,
          total: values.length,
        });
      }
    }),
  );
});

test('between two edges a limit is answered by both of them', () => {
  // A histogram of the shop with edges at 250 ms and 1 s: what lies between may or may not be above 500 ms.
  const counts: readonly LatencyCount[] = [
    [0, 250, 90],
    [250, 1000, 8],
    [1000, null, 2],
  ];
  assert.deepEqual(countOver(counts, 500), { certain: 2, possible: 10, total: 100 });
});

test('the bounds of a quantile hold the order statistics around it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 59, maxLength: 400 }), (values) => {
      const sorted = [...values].sort((a, b) => a - b);
      const middle = sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0;
      const { lowerMs, upperMs } = quantileBounds({
        counts: counted(...values),
        quantile: 0.95,
        confidence: 0.95,
      });
      assert.ok(lowerMs !== null && lowerMs <= middle, `${lowerMs} ≤ ${middle}`);
      assert.ok(upperMs !== null && upperMs >= middle, `${upperMs} ≥ ${middle}`);
    }),
  );
});

test('a sample in a bucket without an end has no upper bound', () => {
  const counts: readonly LatencyCount[] = [[1000, null, 100]];
  assert.deepEqual(quantileBounds({ counts, quantile: 0.95, confidence: 0.95 }), {
    lowerMs: 1000,
    upperMs: null,
  });
});

test('counts add up in any order', () => {
  const values = fc.array(fc.double({ min: 0, max: 10_000, noNaN: true }), { maxLength: 30 });
  fc.assert(
    fc.property(values, values, (a, b) => {
      const whole = counted(...a, ...b);
      assert.deepEqual(addLatencies(counted(...a), counted(...b)), whole);
      assert.deepEqual(addLatencies(counted(...b), counted(...a)), whole);
    }),
  );
});

test('a histogram whose top finite bucket is the limit is refused, with the bucket it lacks', () => {
  const ask = (edgesMs: readonly number[]) => () =>
    requireSeeingHistogram({ source: 'prometheus', edgesMs, limitsMs: [500] });
  assert.doesNotThrow(ask([100, 500, 1000, Number.POSITIVE_INFINITY]));
  assert.throws(ask([100, 500, Number.POSITIVE_INFINITY]), (error) => {
    assert.ok(error instanceof Refused);
    assert.equal(error.code, 'histogram-blind');
    assert.match(error.seen, /ends at 500 ms, and 500 ms is a limit/);
    return true;
  });
});
