/**
 * Names of elements and attributes, interned: a document uses a few dozen of them, millions of times. Interning
 * lets the scanner compare bytes instead of decoding, and lets readers switch on a small integer.
 */

import { toWords } from './byte-words.ts';
import type { CachedText } from './text-cache.ts';

/** One distinct qualified name of a document. */
export interface XmlName {
  /** As written, with a prefix if there is one. */
  readonly qname: string;
  /** Without the prefix: CommerceML is matched by local names because its namespace varies from file to file. */
  readonly local: string;
  /** UTF-8 of `qname`, and the same as words where it is neither very short nor very long. */
  readonly bytes: Uint8Array;
  readonly words: Int32Array | undefined;
  /** Index within its table: readers keep per-name data in arrays. */
  readonly index: number;
  /** The names of the start tags that last followed this one: guesses, checked byte by byte before use. */
  likely: XmlName | undefined;
  likelySecond: XmlName | undefined;
  /** A child of an element of this name that the two guesses missed. */
  likelyChild: XmlName | undefined;
  /** The last repeated text of an element of this name. */
  lastText: CachedText | undefined;
}

/** A name that no document has, to start the guessing with. */
export function noName(): XmlName {
  return {
    qname: '',
    local: '',
    bytes: new Uint8Array(0),
    words: undefined,
    index: -1,
    likely: undefined,
    likelySecond: undefined,
    likelyChild: undefined,
    lastText: undefined,
  };
}

const START =
  ':A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}';
const NAME = new RegExp(`^[${START}][-${START}.0-9\\u00B7\\u0300-\\u036F\\u203F\\u2040]*$`, 'u');

/**
 * Whether the text matches the production `Name` of XML 1.0 (fifth edition) §2.3.
 *
 * @example isXmlName('КоммерческаяИнформация') // true
 */
export function isXmlName(text: string): boolean {
  return NAME.test(text);
}

/** A document with more distinct names than this is no exchange; further names are not remembered. */
const NAMES_MAX = 4096;

/** The names of one document. */
export class XmlNameTable {
  #buckets = new Map<number, XmlName[]>();
  #size = 0;

  /** The interned name for `bytes[start…end)`, or undefined where these bytes are no XML name. */
  intern(bytes: Uint8Array, start: number, end: number): XmlName | undefined {
    let hash = end - start;
    for (let i = start; i < end; i += 1) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
    const bucket = this.#buckets.get(hash);
    if (bucket !== undefined) {
      for (const name of bucket) if (sameBytes(name.bytes, bytes, start, end)) return name;
    }
    return this.#add(hash, bytes.slice(start, end));
  }

  #add(hash: number, bytes: Uint8Array): XmlName | undefined {
    const qname = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
    if (!isXmlName(qname)) return undefined;
    const local = qname.slice(qname.indexOf(':') + 1);
    const plain = Uint8Array.from(bytes);
    const name: XmlName = {
      qname,
      local,
      bytes: plain,
      words: toWords(plain),
      index: this.#size,
      likely: undefined,
      likelySecond: undefined,
      likelyChild: undefined,
      lastText: undefined,
    };
    this.#size += 1;
    if (this.#size <= NAMES_MAX) {
      const bucket = this.#buckets.get(hash);
      if (bucket === undefined) this.#buckets.set(hash, [name]);
      else bucket.push(name);
    }
    return name;
  }
}

function sameBytes(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i += 1) if (name[i] !== bytes[start + i]) return false;
  return true;
}
