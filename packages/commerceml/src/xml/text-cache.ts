const SLOTS = 4096;
/** Longer texts are seldom repeated and cost more to compare than to decode. */
const BYTES_MAX = 64;

/**
 * Decodes texts that come again and again (ids of price types and warehouses, currencies, names of
 * characteristics) without making a new string each time: a look-up costs about a third of a decode and leaves
 * nothing to collect. Direct-mapped, so the memory is bounded; a collision only costs a decode.
 */
export class TextCache {
  readonly #bytes: (Uint8Array | undefined)[] = new Array(SLOTS).fill(undefined);
  readonly #texts: string[] = new Array(SLOTS).fill('');

  /** The text of `window[from…to)`, which must be valid UTF-8. */
  decode(window: Buffer, from: number, to: number): string {
    const length = to - from;
    if (length > BYTES_MAX) return window.toString('utf8', from, to);
    let hash = length;
    for (let i = from; i < to; i += 1) hash = (Math.imul(hash, 31) + (window[i] as number)) | 0;
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const known = this.#bytes[slot];
    if (known !== undefined && known.length === length) {
      let i = 0;
      while (i < length && known[i] === window[from + i]) i += 1;
      if (i === length) return this.#texts[slot] as string;
    }
    const text = window.toString('utf8', from, to);
    this.#bytes[slot] = Uint8Array.from(window.subarray(from, to));
    this.#texts[slot] = text;
    return text;
  }
}
