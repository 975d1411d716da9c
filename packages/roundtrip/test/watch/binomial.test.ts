import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chanceOfAtLeast, chanceOfAtMost } from '../../src/watch/binomial.ts';

/** P(X ≤ k) as an exact fraction of big integers, for a share of `permille` / 1000. */
function exactAtMost(k: number, n: number, permille: number): number {
  const p = BigInt(permille);
  const q = 1000n - p;
  let coefficient = 1n;
  let sum = 0n;
  for (let i = 0; i <= k; i++) {
    sum += coefficient * p ** BigInt(i) * q ** BigInt(n - i);
    coefficient = (coefficient * BigInt(n - i)) / BigInt(i + 1);
  }
  const digits = 10n ** 30n;
  return Number((sum * digits) / 1000n ** BigInt(n)) / 1e30;
}

const binomials = fc
  .tuple(fc.integer({ min: 1, max: 400 }), fc.nat(400), fc.integer({ min: 1, max: 999 }))
  .map(([n, k, permille]) => ({ n, k: k % (n + 1), permille }));

test('equals the exact rational sum', () => {
  fc.assert(
    fc.property(binomials, ({ n, k, permille }) => {
      const exact = exactAtMost(k, n, permille);
      const ours = chanceOfAtMost({ successes: k, trials: n, share: permille / 1000 });
      assert.ok(
        Math.abs(ours - exact) <= 1e-9 * exact + 1e-14,
        `P(X ≤ ${k} | ${n}, ${permille}‰): ${ours}, exactly ${exact}`,
      );
    }),
  );
});

test('at most k and at least k + 1 are all there is', () => {
  fc.assert(
    fc.property(binomials, ({ n, k, permille }) => {
      const share = permille / 1000;
      const sum =
        chanceOfAtMost({ successes: k, trials: n, share }) +
        chanceOfAtLeast({ successes: k + 1, trials: n, share });
      assert.ok(Math.abs(sum - 1) < 1e-10, String(sum));
    }),
  );
});

test('stays a probability for a day of heavy traffic', () => {
  // The median of Binomial(n, k/n) is k for whole k (Kaas and Buhrman 1980), so this is a little above one half.
  const chance = chanceOfAtMost({ successes: 100_000, trials: 10_000_000, share: 0.01 });
  assert.ok(chance > 0.5 && chance < 0.502, String(chance));
});

test('knows the ends', () => {
  assert.equal(chanceOfAtLeast({ successes: 0, trials: 5, share: 0.3 }), 1);
  assert.equal(chanceOfAtLeast({ successes: 6, trials: 5, share: 0.3 }), 0);
  assert.equal(chanceOfAtMost({ successes: 5, trials: 5, share: 0.3 }), 1);
  assert.equal(chanceOfAtMost({ successes: -1, trials: 5, share: 0.3 }), 0);
  assert.equal(chanceOfAtMost({ successes: 0, trials: 5, share: 0 }), 1);
  assert.equal(chanceOfAtLeast({ successes: 5, trials: 5, share: 1 }), 1);
});
