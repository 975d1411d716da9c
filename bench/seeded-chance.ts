/** Randomness that a seed repeats. */
export interface Chance {
  /** Uniform in [0, 1). */
  next(): number;
  binomial(trials: number, share: number): number;
  poisson(mean: number): number;
}

/** mulberry32: 32 bits of state, good enough for requests, and the same on every machine. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    binomial(trials, share) {
      let successes = 0;
      for (let trial = 0; trial < trials; trial++) if (next() < share) successes++;
      return successes;
    },
    /** Knuth's product of uniforms; the means here are below fifty. */
    poisson(mean) {
      const floor = Math.exp(-mean);
      let count = -1;
      for (let product = 1; product > floor; count++) product *= next();
      return count;
    },
  };
}
