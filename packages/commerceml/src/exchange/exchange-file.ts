/// <reference types="node" preserve="true" />
import { type FileHandle, open } from 'node:fs/promises';
import { CommerceMlError } from '../errors.ts';

/** One XML document of an exchange, in a folder or in an archive. It can be opened more than once. */
export interface ExchangeFile {
  /** Relative to the exchange, with forward slashes; `archive.zip!/entry.xml` inside an archive. */
  readonly name: string;
  readonly bytes: number;
  /** The content in chunks, of `bytes` where the file lets one choose. A chunk is valid until the next one is asked for. */
  readonly chunks: (bytes?: number) => AsyncIterable<Uint8Array>;
}

const CHUNK_BYTES = 256 * 1024;

/** A file on disk, read through two buffers that are used again and again. */
export function diskFile(path: string, name: string, bytes: number): ExchangeFile {
  return { name, bytes, chunks: (chunkBytes = CHUNK_BYTES) => diskChunks(path, name, chunkBytes) };
}

/** Reads ahead by one chunk, so that the disk works while the scanner does. */
async function* diskChunks(
  path: string,
  name: string,
  chunkBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let offset = 0;
  let handle: FileHandle | undefined;
  let ahead: Promise<{ readonly bytesRead: number }> | undefined;
  try {
    handle = await open(path, 'r');
    let current = Buffer.allocUnsafeSlow(chunkBytes);
    let other = Buffer.allocUnsafeSlow(chunkBytes);
    ahead = handle.read(other, 0, chunkBytes, null);
    for (;;) {
      const { bytesRead } = await ahead;
      if (bytesRead === 0) return;
      [current, other] = [other, current];
      ahead = handle.read(other, 0, chunkBytes, null);
      // It may fail while the consumer works; the failure is thrown by the next round's await, not lost.
      void Promise.allSettled([ahead]);
      yield current.subarray(0, bytesRead);
      offset += bytesRead;
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new CommerceMlError(`cannot be read (${error.code})`, {
      code: 'unreadable',
      file: name,
      offset,
      cause: error,
    });
  } finally {
    // Where the consumer left the loop, a read is still on its way into the buffer; its result is of no interest.
    await Promise.allSettled([ahead]);
    await handle?.close();
  }
}

/** Whether an error is the operating system's, such as ENOENT or EACCES. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error;
}
