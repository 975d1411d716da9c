/// <reference types="node" preserve="true" />
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { type Entry, fromBuffer, type Options, open, type ZipFile } from 'yauzl';
import { CommerceMlError } from '../errors.ts';
import type { ExchangeFile } from './exchange-file.ts';

/** Bounds against archives that are small on disk and endless inside. */
export interface ZipLimits {
  /** Uncompressed bytes of all XML (or wanted) entries together. */
  readonly bytesMax: number;
  readonly entriesMax: number;
}

/** Enough for a million offers with six prices (4.5 GB of XML), and an end to anything worse. */
export const ZIP_LIMITS: ZipLimits = { bytesMax: 16 * 1024 ** 3, entriesMax: 200_000 };

const openFile = promisify<string, Options, ZipFile>(open);
const openBuffer = promisify<Buffer, Options, ZipFile>(fromBuffer);
const OPTIONS = { lazyEntries: true, autoClose: false, validateEntrySizes: true, strictFileNames: false };

const XML = /\.xml$/i;

/** Whether the name is that of an archive of the exchange, and not of one that 1C has attached to a good. */
export function isArchiveName(name: string): boolean {
  return /\.zip$/i.test(name) && !/(^|\/)import_files\//.test(name);
}

/**
 * The XML entries of a zip archive (or those whose names are `wanted`) as exchange files. Nothing is written to disk; an archive with a name that
 * leaves it (`../`) is refused by yauzl all the same. Each entry is read through its own handle, as each is read twice (order first, then content).
 * 1C packs no archive into another. Where somebody has, it is refused: passed over, its goods would be missing from a full exchange.
 *
 * @throws CommerceMlError `bad-archive` or `limit-exceeded`.
 * @example const files = await zipFiles('/var/1c/exchange.zip', 'exchange.zip');
 */
export async function zipFiles(
  archive: string | Buffer,
  name: string,
  limits: ZipLimits = ZIP_LIMITS,
  wanted: RegExp = XML,
): Promise<ExchangeFile[]> {
  try {
    const zip = await openZip(archive);
    try {
      return (await entriesOf(zip, { limits, name, wanted })).map((entry) => ({
        name: `${name}!/${entry.fileName}`,
        bytes: entry.uncompressedSize,
        chunks: () => entryChunks(archive, name, entry),
      }));
    } finally {
      zip.close();
    }
  } catch (error) {
    throw asArchiveError(error, name);
  }
}

function openZip(archive: string | Buffer): Promise<ZipFile> {
  return typeof archive === 'string' ? openFile(archive, OPTIONS) : openBuffer(archive, OPTIONS);
}

interface Wanted {
  readonly limits: ZipLimits;
  /** Of the archive, for errors. */
  readonly name: string;
  readonly wanted: RegExp;
}

function entriesOf(zip: ZipFile, { limits, name, wanted }: Wanted): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = [];
    let bytes = 0;
    zip.on('error', reject);
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: Entry) => {
      if (wanted === XML && isArchiveName(entry.fileName)) {
        reject(nestedArchive(name, entry.fileName));
        return;
      }
      if (wanted.test(entry.fileName) && !/(^|\/)(?:__MACOSX|\.)/.test(entry.fileName)) {
        bytes += entry.uncompressedSize;
        entries.push(entry);
      }
      if (bytes > limits.bytesMax || zip.entriesRead > limits.entriesMax) {
        reject(
          new CommerceMlError(
            `the archive unpacks to more than ${limits.bytesMax} bytes or ${limits.entriesMax} entries`,
            {
              code: 'limit-exceeded',
              file: name,
              offset: 0,
            },
          ),
        );
        return;
      }
      zip.readEntry();
    });
    zip.readEntry();
  });
}

function nestedArchive(file: string, inner: string): CommerceMlError {
  const reason = `holds another archive, ${inner}, which would not be read: unpack it, or take it out if it is no part of the exchange`;
  return new CommerceMlError(reason, { code: 'bad-archive', file, offset: 0 });
}

async function* entryChunks(
  archive: string | Buffer,
  name: string,
  entry: Entry,
): AsyncGenerator<Uint8Array, void, undefined> {
  const zip = await openZip(archive);
  try {
    const stream = await promisify<Entry, NodeJS.ReadableStream>(zip.openReadStream.bind(zip))(entry);
    let sum = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      sum = crc32(chunk, sum);
      yield chunk;
    }
    // yauzl compares sizes alone, and inflating notices few damages: a digit of a price is not among them.
    if (sum !== entry.crc32) throw new Error('the content does not match its checksum');
  } catch (error) {
    throw asArchiveError(error, `${name}!/${entry.fileName}`);
  } finally {
    zip.close();
  }
}

function asArchiveError(error: unknown, file: string): unknown {
  if (error instanceof CommerceMlError || !(error instanceof Error)) return error;
  return new CommerceMlError(`the archive cannot be read: ${error.message}`, {
    code: 'bad-archive',
    file,
    offset: 0,
    cause: error,
  });
}
