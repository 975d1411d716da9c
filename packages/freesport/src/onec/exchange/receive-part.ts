import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ShopError } from '../../errors.ts';

export interface Part {
  /** Folder of the exchange. */
  readonly folder: string;
  /** A name that `safeFileName` has let through. */
  readonly name: string;
  readonly body: Readable;
  /** What the request announced, where it did. */
  readonly announcedBytes: number | undefined;
  /** Largest part, as told to 1C by init. */
  readonly partBytesMax: number;
  /** Largest file that all parts together may make. */
  readonly fileBytesMax: number;
}

/** How many times the limit of a part is read before the connection is cut. */
const DISCARD_FACTOR = 8;

/** What the system says where a file has the name of a folder or the other way round. */
const NAME_TAKEN: ReadonlySet<string> = new Set(['EEXIST', 'ENOTDIR', 'EISDIR']);

interface LastPart {
  readonly sha256: string;
  readonly bytes: number;
  /** Size of the file with this part; a crash between append and note shows as a larger file. */
  readonly total: number;
}

/**
 * Appends one part to a file of an exchange, whole or not at all: the body goes to a file beside it first, so that a
 * connection that breaks leaves nothing behind. The same part once more (1C repeats one whose answer was lost) is
 * acknowledged and not appended.
 *
 * @returns Bytes of the file now.
 * @throws ShopError `invalid` for an empty, cut or oversized part.
 * @example await receivePart({ folder, name: 'goods.xml', body: request.raw, ... });
 */
export async function receivePart(part: Part): Promise<number> {
  const target = path.join(part.folder, part.name);
  const notes = path.join(
    part.folder,
    '.parts',
    `${createHash('sha256').update(part.name).digest('hex')}.json`,
  );
  const incoming = path.join(part.folder, '.parts', `${randomUUID()}.part`);
  await mkdir(path.dirname(notes), { recursive: true });
  try {
    await mkdir(path.dirname(target), { recursive: true });
    const { bytes, sha256 } = await receive(part, incoming);
    const last = await lastPart(notes);
    if (last !== undefined && last.sha256 === sha256 && last.bytes === bytes) return last.total;
    const before = last?.total ?? 0;
    if (before + bytes > part.fileBytesMax) {
      throw invalid(
        `${part.name} would have ${before + bytes} bytes, more than the ${part.fileBytesMax} allowed`,
      );
    }
    if (before === 0) await rename(incoming, target);
    else await append(incoming, target, before);
    const total = before + bytes;
    await writeFile(`${notes}.new`, JSON.stringify({ sha256, bytes, total } satisfies LastPart));
    await rename(`${notes}.new`, notes);
    return total;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && NAME_TAKEN.has(String(error.code)))) throw error;
    throw new ShopError('invalid', `${part.name} is a folder of this exchange, or is in one that is a file`, {
      cause: error,
    });
  } finally {
    await rm(incoming, { force: true });
  }
}

async function receive(
  part: Part,
  incoming: string,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const { name, partBytesMax, announcedBytes } = part;
  const tooLarge = (): ShopError =>
    invalid(`this part of ${name} is larger than the file_limit of ${partBytesMax} bytes; send smaller ones`);
  if (announcedBytes !== undefined && announcedBytes > partBytesMax) throw tooLarge();
  const hash = createHash('sha256');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > partBytesMax * DISCARD_FACTOR) return done(tooLarge());
      // Too much is read and thrown away: a connection that is cut while 1C still sends shows it no reason.
      if (bytes > partBytesMax) return done();
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(part.body, meter, createWriteStream(incoming, { mode: 0o640 }));
  if (bytes > partBytesMax) throw tooLarge();
  if (bytes === 0) throw invalid(`the part of ${name} is empty`);
  if (announcedBytes !== undefined && announcedBytes !== bytes) {
    throw invalid(`${bytes} of ${announcedBytes} bytes of a part of ${name} arrived; send it again`);
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Bytes after `before` are those of an append that crashed; they are cut before appending again. */
async function append(incoming: string, target: string, before: number): Promise<void> {
  if ((await stat(target)).size > before) await truncate(target, before);
  await pipeline(createReadStream(incoming), createWriteStream(target, { flags: 'a' }));
}

async function lastPart(notes: string): Promise<LastPart | undefined> {
  try {
    return JSON.parse(await readFile(notes, 'utf8')) as LastPart;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function invalid(message: string): ShopError {
  return new ShopError('invalid', message);
}
