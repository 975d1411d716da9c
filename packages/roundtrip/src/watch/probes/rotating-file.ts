import { type FileHandle, open, stat } from 'node:fs/promises';

const CHUNK_BYTES = 1 << 18;
const NEWLINE = 0x0a;
const LINE_BYTES_MAX = 1 << 20;

/** A file that grows at its end and is now and then renamed or truncated. */
export interface RotatingFile {
  /**
   * The lines that were completed since the call before; none at the first call, which starts at the end.
   *
   * @throws Error ENOENT when there has never been such a file.
   */
  newLines(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** One opened file of the rotation: what was read of it, and the beginning of a line that is still being written. */
interface Opened {
  readonly handle: FileHandle;
  readonly inode: number;
  offset: number;
  partial: Buffer;
}

/**
 * Follows a log through rotations by rename (logrotate, `nginx -s reopen`) and by copy and truncate. The renamed file
 * stays open for one more call, since its writer goes on until it is told to reopen. A file that is rotated twice
 * between two calls loses the lines in the middle: call it more often than that.
 *
 * @example const log = followFile('/var/log/nginx/access.log'); await log.newLines();
 */
export function followFile(file: string): RotatingFile {
  let current: Opened | undefined;
  let renamed: Opened | undefined;
  return {
    async newLines() {
      if (current === undefined) {
        current = await openAt(file, 'end');
        return [];
      }
      const lines: string[] = [];
      if (renamed !== undefined) {
        lines.push(...(await readOn(renamed)));
        await renamed.handle.close();
        renamed = undefined;
      }
      const inode = await inodeOf(file);
      lines.push(...(await readOn(current)));
      // Between the rename and the new file there is nothing under the name; the open file goes on.
      if (inode !== undefined && inode !== current.inode) {
        renamed = current;
        current = await openAt(file, 'start');
        lines.push(...(await readOn(current)));
      }
      return lines;
    },
    async close() {
      await renamed?.handle.close();
      await current?.handle.close();
      renamed = undefined;
      current = undefined;
    },
  };
}

async function openAt(file: string, where: 'start' | 'end'): Promise<Opened> {
  const handle = await open(file, 'r');
  const { ino, size } = await handle.stat();
  return { handle, inode: ino, offset: where === 'end' ? size : 0, partial: Buffer.alloc(0) };
}

async function inodeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).ino;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Reads to where the file ended when it began, so that a fast writer cannot keep it reading. */
async function readOn(opened: Opened): Promise<readonly string[]> {
  const { size } = await opened.handle.stat();
  if (size < opened.offset) {
    opened.offset = 0;
    opened.partial = Buffer.alloc(0);
  }
  const lines: string[] = [];
  while (opened.offset < size) {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, size - opened.offset));
    const { bytesRead } = await opened.handle.read(chunk, 0, chunk.length, opened.offset);
    if (bytesRead === 0) break;
    opened.offset += bytesRead;
    opened.partial = takeLines(Buffer.concat([opened.partial, chunk.subarray(0, bytesRead)]), lines);
  }
  return lines;
}

/** Moves whole lines out of the bytes and returns the rest; cut as bytes, since a chunk may end inside a character. */
function takeLines(bytes: Buffer, lines: string[]): Buffer {
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
    lines.push(bytes.toString('utf8', start, end).replace(/\r$/, ''));
    start = end + 1;
  }
  const rest = bytes.subarray(start);
  // A "line" of a megabyte is no access log: it is counted as one that cannot be read.
  if (rest.length <= LINE_BYTES_MAX) return rest;
  lines.push('');
  return Buffer.alloc(0);
}
