import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ExchangeFile } from 'commerceml';

/** The key of one file's content, by its name. */
export type FileKeys = Readonly<Record<string, string>>;

/**
 * Watches files as they are read and knows, once each is read to its end, a key of its content: SHA-256 over the CRC-32
 * of every chunk. SHA-256 over the bytes would take 4 s of an import of 6 GB; a change that is no forgery escapes a
 * checksum of 32 bits for each 256 KiB no sooner than it escapes the disk's.
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
        const hash = createHash('sha256');
        const sum = Buffer.alloc(4);
        let bytes = 0;
        for await (const chunk of file.chunks()) {
          sum.writeUInt32LE(crc32(chunk));
          hash.update(sum);
          bytes += chunk.length;
          yield chunk;
        }
        files[file.name] = `${bytes}:${hash.digest('hex')}`;
      },
    };
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
