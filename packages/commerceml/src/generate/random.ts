/**
 * Deterministic randomness: the same seed gives the same exchange byte for byte on every machine, which is
 * why neither `Math.random` nor the clock is used anywhere in the generator.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A fraction in [0, 1) (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** An integer in [0, below). */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  /** One of the list's elements. */
  pick<T>(list: readonly T[]): T {
    const value = list[this.below(list.length)];
    if (value === undefined) throw new RangeError('cannot pick from an empty list');
    return value;
  }
}

/** Spreads the bits of an integer; a bijection of 32-bit integers, so different inputs stay different. */
export function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * A guid that is unique for (namespace, index) of one seed.
 *
 * @example guid(1, 2, 3) // 'a1b2c3d4-0002-11ef-8001-…'
 */
export function guid(seed: number, namespace: number, index: number): string {
  const low = mix(index ^ mix(seed ^ namespace));
  const rest = mix(seed + namespace * 7919);
  const group = hex16(namespace);
  return `${hex32(low)}-${group}-11ef-${hex16(0x8000 | (rest & 0x3fff))}-${hex16(rest >>> 16)}${hex32(mix(rest))}`;
}

function hex16(value: number): string {
  return `${HEX[(value >>> 8) & 255]}${HEX[value & 255]}`;
}

function hex32(value: number): string {
  return `${hex16(value >>> 16)}${hex16(value)}`;
}
