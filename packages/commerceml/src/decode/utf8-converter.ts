import iconv from 'iconv-lite';

/** Turns the bytes of a document into UTF-8 and finds the original byte of each converted one. */
export interface Utf8Converter {
  /** @throws ConversionError where the bytes mean nothing in their encoding. */
  convert(chunk: Uint8Array): Uint8Array;
  /** Ends the input: a cut character becomes an error. */
  finish(): void;
  /** The offset in the original of an offset in the UTF-8. Offsets may only grow from call to call. */
  originalOffset(utf8Offset: number): number;
  /** No offset below this one will be asked for: what was kept for those may go. */
  passed(utf8Offset: number): void;
}

/** The converter for an encoding as `detectEncoding` names it. `skipped` bytes of BOM count in the offsets. */
export function createConverter(encoding: string, skipped: number): Utf8Converter {
  if (encoding === 'utf-8') return new IdentityConverter(skipped);
  if (encoding === 'utf-16le' || encoding === 'utf-16be') return new Utf16Converter(encoding, skipped);
  return new SingleByteConverter(encoding, skipped);
}

class IdentityConverter implements Utf8Converter {
  readonly #skipped: number;
  constructor(skipped: number) {
    this.#skipped = skipped;
  }
  convert(chunk: Uint8Array): Uint8Array {
    return chunk;
  }
  finish(): void {}
  originalOffset(utf8Offset: number): number {
    return utf8Offset + this.#skipped;
  }
  passed(): void {}
}

/**
 * Maps offsets by walking over the converted bytes once. The converted chunks are kept until the walk has
 * passed them, so the memory is that of the scanner's window.
 */
class OffsetWalk {
  readonly #chunks: Uint8Array[] = [];
  readonly #widthOf: (lead: number) => number;
  #index = 0;
  #utf8 = 0;
  #original: number;

  constructor(start: number, widthOf: (lead: number) => number) {
    this.#original = start;
    this.#widthOf = widthOf;
  }

  add(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  to(target: number): number {
    for (let chunk = this.#chunks[0]; chunk !== undefined && this.#utf8 < target; chunk = this.#chunks[0]) {
      while (this.#index < chunk.length && this.#utf8 < target) {
        this.#original += this.#widthOf(chunk[this.#index] as number);
        this.#index += 1;
        this.#utf8 += 1;
      }
      if (this.#index < chunk.length) break;
      this.#chunks.shift();
      this.#index = 0;
    }
    return this.#original;
  }
}

/** windows-1251 and its kin: a table of 256 UTF-8 sequences, made once by iconv-lite. */
class SingleByteConverter implements Utf8Converter {
  readonly #encoding: string;
  readonly #table: readonly Buffer[];
  readonly #walk: OffsetWalk;
  #consumed: number;

  constructor(encoding: string, skipped: number) {
    this.#encoding = encoding;
    this.#table = Array.from({ length: 256 }, (_, byte) => {
      return Buffer.from(iconv.decode(Buffer.from([byte]), encoding), 'utf8');
    });
    this.#consumed = skipped;
    this.#walk = new OffsetWalk(skipped, (lead) => ((lead & 0xc0) === 0x80 ? 0 : 1));
  }

  convert(chunk: Uint8Array): Uint8Array {
    const out = Buffer.allocUnsafe(chunk.length * 3);
    let length = 0;
    for (let i = 0; i < chunk.length; i += 1) {
      const byte = chunk[i] as number;
      if (byte < 0x80) {
        out[length] = byte;
        length += 1;
        continue;
      }
      const sequence = this.#table[byte] as Buffer;
      if (sequence[0] === 0xef && sequence[1] === 0xbf && sequence[2] === 0xbd) {
        throw new ConversionError(
          `byte 0x${byte.toString(16)} means nothing in ${this.#encoding}`,
          this.#consumed + i,
        );
      }
      for (let k = 0; k < sequence.length; k += 1) out[length + k] = sequence[k] as number;
      length += sequence.length;
    }
    this.#consumed += chunk.length;
    const converted = out.subarray(0, length);
    this.#walk.add(converted);
    return converted;
  }

  finish(): void {}

  originalOffset(utf8Offset: number): number {
    return this.#walk.to(utf8Offset);
  }

  passed(utf8Offset: number): void {
    this.#walk.to(utf8Offset);
  }
}

class Utf16Converter implements Utf8Converter {
  readonly #bigEndian: boolean;
  readonly #walk: OffsetWalk;
  #tail: Buffer = Buffer.alloc(0);
  #consumed: number;

  constructor(encoding: string, skipped: number) {
    this.#bigEndian = encoding === 'utf-16be';
    this.#consumed = skipped;
    // A four-byte sequence of UTF-8 is a surrogate pair: four bytes in UTF-16 too.
    this.#walk = new OffsetWalk(skipped, (lead) => ((lead & 0xc0) === 0x80 ? 0 : lead >= 0xf0 ? 4 : 2));
  }

  convert(chunk: Uint8Array): Uint8Array {
    const bytes = Buffer.concat([this.#tail, chunk]);
    let length = bytes.length & ~1;
    // Keep back an odd byte, and a high surrogate whose other half has not come.
    const lastHigh = length >= 2 ? bytes[this.#bigEndian ? length - 2 : length - 1] : undefined;
    if (lastHigh !== undefined && (lastHigh & 0xfc) === 0xd8) length -= 2;
    this.#tail = Buffer.from(bytes.subarray(length));
    const units = bytes.subarray(0, length);
    if (this.#bigEndian) units.swap16();
    const text = units.toString('utf16le');
    if (!text.isWellFormed()) {
      throw new ConversionError('half of a surrogate pair in UTF-16', this.#consumed);
    }
    this.#consumed += length;
    const converted = Buffer.from(text, 'utf8');
    this.#walk.add(converted);
    return converted;
  }

  finish(): void {
    if (this.#tail.length > 0) {
      throw new ConversionError('the document ends inside a UTF-16 character', this.#consumed, true);
    }
  }

  originalOffset(utf8Offset: number): number {
    return this.#walk.to(utf8Offset);
  }

  passed(utf8Offset: number): void {
    this.#walk.to(utf8Offset);
  }
}

/** Bytes that mean nothing in the document's encoding; `offset` counts bytes of the original. */
export class ConversionError extends Error {
  override readonly name = 'ConversionError';
  readonly offset: number;
  readonly truncated: boolean;
  constructor(reason: string, offset: number, truncated = false) {
    super(reason);
    this.offset = offset;
    this.truncated = truncated;
  }
}
