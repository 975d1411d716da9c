import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgeShare, lowerBound, percent, requestsNeeded, upperBound } from '../../src/watch/verdict.ts';

test('0 errors of 299 prove less than 1 % at 95 %, of 298 they do not', () => {
  assert.ok(upperBound({ errors: 0, requests: 299, confidence: 0.95 }) < 0.01);
  assert.ok(upperBound({ errors: 0, requests: 298, confidence: 0.95 }) > 0.01);
  assert.equal(judgeShare({ errors: 0, requests: 299, limit: 0.01, confidence: 0.95 }), 'below');
  assert.equal(judgeShare({ errors: 0, requests: 298, limit: 0.01, confidence: 0.95 }), 'open');
  assert.equal(requestsNeeded({ limit: 0.01, confidence: 0.95 }), 299);
});

test('the bounds of 3 of 100 are those of the published tables', () => {
  // Two-sided 95 %, hence 97.5 % on each side: 0.62 % to 8.52 %.
  assert.equal(lowerBound({ errors: 3, requests: 100, confidence: 0.975 }).toFixed(4), '0.0062');
  assert.equal(upperBound({ errors: 3, requests: 100, confidence: 0.975 }).toFixed(4), '0.0852');
});

test('nothing seen proves nothing', () => {
  assert.equal(lowerBound({ errors: 0, requests: 0, confidence: 0.95 }), 0);
  assert.equal(upperBound({ errors: 0, requests: 0, confidence: 0.95 }), 1);
  assert.equal(judgeShare({ errors: 0, requests: 0, limit: 0.5, confidence: 0.95 }), 'open');
});

test('all errors are above every limit that so many requests can show, and never below one', () => {
  assert.equal(upperBound({ errors: 20, requests: 20, confidence: 0.95 }), 1);
  assert.equal(judgeShare({ errors: 20, requests: 20, limit: 0.05, confidence: 0.99 }), 'above');
  assert.equal(judgeShare({ errors: 1, requests: 1, limit: 0.05, confidence: 0.99 }), 'open');
});

const seen = fc
  .tuple(fc.integer({ min: 1, max: 3000 }), fc.nat(3000))
  .map(([requests, errors]) => ({ requests, errors: errors % (requests + 1) }));

test('a verdict is what the bounds say', () => {
  fc.assert(
    fc.property(seen, fc.double({ min: 0.001, max: 0.6, noNaN: true }), (counts, limit) => {
      const confidence = 0.95;
      const low = lowerBound({ ...counts, confidence });
      const high = upperBound({ ...counts, confidence });
      assert.ok(
        low <= counts.errors / counts.requests + 1e-12 && counts.errors / counts.requests <= high + 1e-12,
      );
      // At the limit itself the two may differ in the last digit.
      fc.pre(Math.abs(low - limit) > 1e-9 && Math.abs(high - limit) > 1e-9);
      const expected = high < limit ? 'below' : low > limit ? 'above' : 'open';
      assert.equal(judgeShare({ ...counts, limit, confidence }), expected);
    }),
  );
});

test('one more error never lowers a bound', () => {
  fc.assert(
    fc.property(seen, ({ requests, errors }) => {
      fc.pre(errors < requests);
      const confidence = 0.95;
      assert.ok(
        lowerBound({ requests, errors: errors + 1, confidence }) >=
          lowerBound({ requests, errors, confidence }),
      );
      assert.ok(
        upperBound({ requests, errors: errors + 1, confidence }) >=
          upperBound({ requests, errors, confidence }),
      );
    }),
  );
});

test('shares are written for people', () => {
  assert.equal(percent(0.0123), '1.23 %');
  assert.equal(percent(0), '0 %');
  assert.equal(percent(1), '100 %');
});
