import { chanceOfAtLeast, chanceOfAtMost } from './binomial.ts';

/** Failed requests out of all requests, or any other "so many of so many". */
export interface ShareSeen {
  readonly errors: number;
  readonly requests: number;
}

/** What the samples show of a true share and a limit; `open` when they do not suffice for either. */
export type ShareVerdict = 'below' | 'above' | 'open';

const BISECTION_STEPS = 60;

/**
 * The exact one-sided lower bound (Clopper and Pearson 1934) of the true share: with `confidence` it is not smaller.
 *
 * @example lowerBound({ errors: 0, requests: 10, confidence: 0.95 }) // 0
 */
export function lowerBound(seen: ShareSeen & { readonly confidence: number }): number {
  const { errors, requests, confidence } = seen;
  if (requests === 0 || errors === 0) return 0;
  return bisect((share) => chanceOfAtLeast({ successes: errors, trials: requests, share }) > 1 - confidence);
}

/**
 * The exact one-sided upper bound of the true share. Without a request it is 1: nothing is known.
 *
 * @example upperBound({ errors: 0, requests: 299, confidence: 0.95 }) // 0.00997: below 1 %, and 298 would not do
 */
export function upperBound(seen: ShareSeen & { readonly confidence: number }): number {
  const { errors, requests, confidence } = seen;
  if (requests === 0 || errors === requests) return 1;
  return bisect((share) => chanceOfAtMost({ successes: errors, trials: requests, share }) <= 1 - confidence);
}

/**
 * Whether the true share is proven below or above a limit: the bounds' own question, with one evaluation instead of
 * a search, since the watch asks it for every row, window and sample.
 *
 * @example judgeShare({ errors: 0, requests: 298, limit: 0.01, confidence: 0.95 }) // 'open'
 */
export function judgeShare(
  seen: ShareSeen & { readonly limit: number; readonly confidence: number },
): ShareVerdict {
  const { errors, requests, limit, confidence } = seen;
  if (requests === 0) return 'open';
  const event = { successes: errors, trials: requests, share: limit };
  if (errors > requests * limit) return chanceOfAtLeast(event) <= 1 - confidence ? 'above' : 'open';
  return chanceOfAtMost(event) <= 1 - confidence ? 'below' : 'open';
}

/**
 * How many requests without one error prove a share below the limit. The same number is what a quantile needs: p95 is
 * "fewer than 5 % are slower".
 *
 * @example requestsNeeded({ limit: 0.01, confidence: 0.95 }) // 299; 0.05 (p95) → 59
 */
export function requestsNeeded(options: { readonly limit: number; readonly confidence: number }): number {
  return Math.ceil(Math.log1p(-options.confidence) / Math.log1p(-options.limit));
}

/**
 * A share for people.
 *
 * @example percent(0.0123) // "1.23 %"
 */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** The smallest share for which `holds` is true; `holds` must change from false to true once between 0 and 1. */
function bisect(holds: (share: number) => boolean): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < BISECTION_STEPS; step++) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
