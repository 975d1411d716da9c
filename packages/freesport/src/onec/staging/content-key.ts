import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ExchangeFile } from 'commerceml';

/** The key of one file's content, by its name. */
export type FileKeys = Readonly<Record<string, string>>;

/** A checksum for each of these; that the file comes in other pieces (a short read, an archive) makes no difference. */
const BLOCK_BYTES = 256 * 1024;

/**
 * Watches files as they are read and knows, once each is read to its end, a key of its content: SHA-256 over the CRC-32
 * of every 256 KiB. SHA-256 over the bytes would take 4 s of an import of 6 GB; a change that is no forgery escapes a
 * checksum of 32 bits for each block no sooner than it escapes the disk's.
 *
 * @example
 * const keys = new ContentKeys();
 * for await (const records of readExchangeBatches({ files: files.map((file) => keys.watch(file)) })) take(records);
 * keys.files; // { 'goods/goods_1_1.xml': '9f86d0…' }
 */
export class ContentKeys {
  readonly files: Record<string, string> = {};

  /** The same file; its last complete reading counts. */
  watch(file: ExchangeFile): ExchangeFile {
    const { files } = this;
    return {
      name: file.name,
      bytes: file.bytes,
      chunks: async function* () {
        const key = new ContentKey();
        for await (const chunk of file.chunks()) {
          key.update(chunk);
          yield chunk;
        }
        files[file.name] = key.digest();
      },
    };
  }
}

class ContentKey {
  readonly #hash = createHash('sha256');
  readonly #sum = Buffer.alloc(4);
  #crc = 0;
  #bytes = 0;

  update(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const end = Math.min(chunk.length, at + BLOCK_BYTES - (this.#bytes % BLOCK_BYTES));
      this.#crc = crc32(chunk.subarray(at, end), this.#crc);
      this.#bytes += end - at;
      if (this.#bytes % BLOCK_BYTES === 0) this.#endBlock();
      at = end;
    }
  }

  digest(): string {
    this.#endBlock();
    return `${this.#bytes}:${this.#hash.digest('hex')}`;
  }

  #endBlock(): void {
    this.#sum.writeUInt32LE(this.#crc);
    this.#hash.update(this.#sum);
    this.#crc = 0;
  }
}

/**
 * The key of an exchange from those of its files, independent of the order of reading.
 *
 * @example exchangeKey({ 'a.xml': '10:ab' })
 */
export function exchangeKey(files: FileKeys): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(files).sort()) hash.update(`${name}\n${files[name]}\n`);
  return hash.digest('hex');
}
