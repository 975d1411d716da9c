import { type FileHandle, open } from 'node:fs/promises';
import { CommerceMlError } from '../errors.ts';

/** One XML document of an exchange, in a folder or in an archive. It can be opened more than once. */
export interface ExchangeFile {
  /** Relative to the exchange, with forward slashes; `archive.zip!/entry.xml` inside an archive. */
  readonly name: string;
  readonly bytes: number;
  /** The content in chunks. A chunk is valid until the next one is asked for. */
  readonly chunks: () => AsyncIterable<Uint8Array>;
}

const CHUNK_BYTES = 256 * 1024;

/** A file on disk, read through one buffer that is used again for every chunk. */
export function diskFile(path: string, name: string, bytes: number): ExchangeFile {
  return { name, bytes, chunks: () => diskChunks(path, name) };
}

async function* diskChunks(path: string, name: string): AsyncGenerator<Uint8Array, void, undefined> {
  let offset = 0;
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
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
    await handle?.close();
  }
}

/** Whether an error is the operating system's, such as ENOENT or EACCES. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error;
}
