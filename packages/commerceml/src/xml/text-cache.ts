import { toWords } from './byte-words.ts';

const SLOTS = 4096;
/** Longer texts are seldom repeated and cost more to compare than to decode. */
const BYTES_MAX = 128;

/** A text that was decoded before, with the text that followed it the last time in the same kind of element. */
export interface CachedText {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly words: Int32Array | undefined;
  /** The guess for the next text of the same element name; checked byte by byte before use. */
  likely: CachedText | undefined;
}

/**
 * Decodes texts that come again and again (ids of price types and warehouses, currencies, names of
 * characteristics) without making a new string each time: a look-up costs about a third of a decode and leaves
 * nothing to collect. Direct-mapped, so the memory is bounded; a collision only costs a decode.
 */
export class TextCache {
  readonly #entries: (CachedText | undefined)[] = new Array(SLOTS).fill(undefined);

  /** The text of `window[from…to)`, which must be valid UTF-8; undefined where it is too long to be remembered. */
  find(window: Buffer, from: number, to: number): CachedText | undefined {
    const length = to - from;
    if (length > BYTES_MAX) return undefined;
    let hash = length;
    for (let i = from; i < to; i += 1) hash = (Math.imul(hash, 31) + (window[i] as number)) | 0;
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const known = this.#entries[slot];
    if (known !== undefined && known.bytes.length === length) {
      let i = 0;
      while (i < length && known.bytes[i] === window[from + i]) i += 1;
      if (i === length) return known;
    }
    const bytes = Uint8Array.from(window.subarray(from, to));
    const entry: CachedText = {
      text: window.toString('utf8', from, to),
      bytes,
      words: toWords(bytes),
      likely: undefined,
    };
    this.#entries[slot] = entry;
    return entry;
  }
}
