import { type DetectedEncoding, detectEncoding, SNIFF_BYTES } from '../decode/detect-encoding.ts';
import { ConversionError, createConverter, type Utf8Converter } from '../decode/utf8-converter.ts';
import { CommerceMlError } from '../errors.ts';
import type { CommerceMlRecord } from '../records.ts';
import { DocumentReader } from './document-reader.ts';

const ROOT = Buffer.from('КоммерческаяИнформация');

/** How one document is read. */
export interface DocumentOptions {
  /** Name for origins and errors. */
  readonly file?: string | undefined;
  /** Overrides the declaration (not a byte order mark), for files that lie about their encoding. */
  readonly encoding?: string | undefined;
  /** Report value defects (padding, sentinels, HTML…) and not only what had to be dropped. Default true. */
  readonly valueWarnings?: boolean | undefined;
}

/** `DocumentOptions`, and who gets the records instead of whoever calls `push` and `finish`. */
export interface DocumentFeedOptions extends DocumentOptions {
  readonly onRecord?: ((record: CommerceMlRecord) => void) | undefined;
}

/**
 * Bytes of one document in, records out: finds the encoding, converts to UTF-8, reads. Synchronous; whoever
 * feeds it decides about files, streams and threads.
 *
 * @throws CommerceMlError from `push` and `finish`.
 * @example
 * const feed = new DocumentFeed({ file: 'import.xml' });
 * const records = [...feed.push(bytes), ...feed.finish()];
 */
export class DocumentFeed {
  readonly #options: DocumentFeedOptions;
  readonly #file: string;
  #head: Uint8Array | undefined = new Uint8Array(0);
  #converter: Utf8Converter | undefined;
  readonly #reader: DocumentReader;

  constructor(options: DocumentFeedOptions = {}) {
    this.#options = options;
    this.#file = options.file ?? '<input>';
    this.#reader = new DocumentReader({
      file: this.#file,
      originalOffset: (offset) => this.#converter?.originalOffset(offset) ?? offset,
      valueWarnings: options.valueWarnings ?? true,
      onRecord: options.onRecord,
    });
  }

  /** The records that these bytes completed. */
  push(chunk: Uint8Array): CommerceMlRecord[] {
    if (this.#converter !== undefined) this.#write(chunk, this.#converter);
    else this.#sniff(chunk);
    return this.#reader.take();
  }

  /** The records that were still held, after checking that the document is complete. */
  finish(): CommerceMlRecord[] {
    if (this.#converter === undefined) this.#begin();
    try {
      this.#converter?.finish();
    } catch (error) {
      throw this.#located(error);
    }
    this.#reader.end();
    return this.#reader.take();
  }

  #sniff(chunk: Uint8Array): void {
    const head =
      this.#head === undefined || this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    this.#head = head === chunk ? Uint8Array.from(chunk) : head;
    if (head.length >= SNIFF_BYTES) this.#begin();
  }

  #begin(): void {
    const head = this.#head ?? new Uint8Array(0);
    this.#head = undefined;
    const detected = detectEncoding(head.subarray(0, SNIFF_BYTES), this.#options.encoding);
    if (detected === undefined) throw this.#unsupported(head);
    this.#converter = this.#converterFor(detected);
    this.#write(head.subarray(detected.bomBytes), this.#converter);
  }

  #converterFor(detected: DetectedEncoding): Utf8Converter {
    return createConverter(detected.encoding, detected.bomBytes);
  }

  #write(chunk: Uint8Array, converter: Utf8Converter): void {
    let utf8: Uint8Array;
    try {
      utf8 = converter.convert(chunk);
    } catch (error) {
      throw this.#located(error, chunk);
    }
    this.#reader.write(utf8);
    // A long section that is skipped gives no record, whose origin would let the converter forget what it has converted.
    converter.passed(this.#reader.position);
  }

  #unsupported(head: Uint8Array): CommerceMlError {
    const start = Buffer.from(head.subarray(0, 100)).toString('latin1');
    return new CommerceMlError(
      `the declared encoding is not supported or contradicts the bytes (${JSON.stringify(start)}…); expected UTF-8, UTF-16 or a single-byte encoding such as windows-1251`,
      { code: 'unsupported-encoding', file: this.#file, offset: 0 },
    );
  }

  #located(error: unknown, chunk?: Uint8Array): unknown {
    if (!(error instanceof ConversionError)) return error;
    // A server that passes UTF-8 on under the declaration of windows-1251: the И of the root is no letter there.
    const misdeclared = chunk !== undefined && Buffer.from(chunk).includes(ROOT);
    const why = misdeclared ? '; the bytes are UTF-8, and the declaration of the file is wrong' : '';
    return new CommerceMlError(error.message + why, {
      code: error.truncated ? 'truncated' : 'invalid-encoding',
      file: this.#file,
      offset: error.offset,
      cause: error,
    });
  }
}
