import { Bug } from '../errors.ts';

// Coefficients of Lanczos' approximation, g = 7, n = 9 (Godfrey 2001): relative error below 1e-14.
const LANCZOS: readonly number[] = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

const FRACTION_STEPS_MAX = 1_000_000;

/**
 * P(X ≥ successes) for X ~ Binomial(trials, share): the regularised incomplete beta function I_share(k, n − k + 1)
 * (DLMF 8.17.5). Good to about ten digits for up to 10⁷ trials; checked against exact rational sums in its test.
 *
 * @example chanceOfAtLeast({ successes: 1, trials: 2, share: 0.5 }) // 0.75
 */
export function chanceOfAtLeast(event: Binomial): number {
  const { successes, trials, share } = event;
  if (successes <= 0) return 1;
  if (successes > trials) return 0;
  return incompleteBeta(successes, trials - successes + 1, share);
}

/**
 * P(X ≤ successes), computed by itself and not as 1 − P(X > successes), which would lose a small one.
 *
 * @example chanceOfAtMost({ successes: 0, trials: 299, share: 0.01 }) // 0.0495…
 */
export function chanceOfAtMost(event: Binomial): number {
  const { successes, trials, share } = event;
  if (successes < 0) return 0;
  if (successes >= trials) return 1;
  return incompleteBeta(trials - successes, successes + 1, 1 - share);
}

/** How often something happened in independent trials that each have the same chance. */
export interface Binomial {
  readonly successes: number;
  readonly trials: number;
  /** Chance of one trial, 0 to 1. */
  readonly share: number;
}

function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  // The continued fraction converges fast only on this side of the mean; the other side is its mirror image.
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(a, b, x)) / a;
  return 1 - (front * betaFraction(b, a, 1 - x)) / b;
}

/** DLMF 8.17.22 by the modified Lentz method. */
function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300;
  const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= FRACTION_STEPS_MAX; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) return fraction;
  }
  throw new Bug({
    code: 'binomial-diverged',
    seen: `the continued fraction of I_${x}(${a}, ${b}) did not settle in ${FRACTION_STEPS_MAX} steps`,
    expected: 'counts of requests below 10⁹',
    next: 'watch with a longer interval or fewer sources, and report this',
  });
}

function logGamma(z: number): number {
  let sum = LANCZOS[0] ?? 0;
  for (let i = 1; i < LANCZOS.length; i++) sum += (LANCZOS[i] ?? 0) / (z - 1 + i);
  const t = z + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (z - 0.5) * Math.log(t) - t + Math.log(sum);
}
