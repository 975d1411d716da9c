import { readDocumentBatches } from '../document/read-document.ts';
import { CommerceMlError } from '../errors.ts';
import type { CommerceMlRecord } from '../records.ts';
import { type ClassifiedFile, classifyFile, compareFiles } from './classify.ts';
import { CrossChecks } from './cross-checks.ts';
import { withLine } from './error-line.ts';
import { type ExchangeSource, findFiles } from './find-files.ts';
import type { ZipLimits } from './zip-files.ts';

/** What `orderExchange` gave, or some of it: files are then not looked into a second time. */
export interface OrderedExchange {
  readonly ordered: readonly ClassifiedFile[];
}

/** How an exchange is read. */
export interface ReadExchangeOptions {
  /** Stops between two chunks with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Overrides the declared encoding of every file, for exporters that lie. */
  readonly encoding?: string | undefined;
  /** Report value defects (padding, sentinels, HTML…) and not only what had to be dropped. Default true. */
  readonly valueWarnings?: boolean | undefined;
  /** Compare records with each other (orphans, duplicates…): holds the ids in memory. Default true. */
  readonly crossChecks?: boolean | undefined;
  /** Bounds for zip archives. */
  readonly zipLimits?: ZipLimits | undefined;
  /** Told before each file is read, and how many bytes of the exchange were read by then. */
  readonly onFile?: ((file: ExchangeProgress) => void) | undefined;
}

/** Where the reading is. */
export interface ExchangeProgress {
  readonly file: string;
  readonly phase: string;
  readonly bytesBefore: number;
  readonly bytesTotal: number;
}

/**
 * The files of an exchange in the order in which they are read.
 *
 * @throws CommerceMlError where a file is broken before its first good or offer.
 * @example (await orderExchange('/var/1c/exchange')).map(({ file, phase }) => `${phase} ${file.name}`)
 */
export async function orderExchange(
  source: ExchangeSource | OrderedExchange,
  options: ReadExchangeOptions = {},
): Promise<readonly ClassifiedFile[]> {
  if (typeof source === 'object' && 'ordered' in source) return source.ordered;
  const classified: ClassifiedFile[] = [];
  let attached: unknown;
  for (const file of await findFiles(source, options.zipLimits)) {
    options.signal?.throwIfAborted();
    try {
      classified.push(await classifyFile(file, options.encoding));
    } catch (error) {
      if (!isAttachment(file.name, error)) throw await withLine(error, file);
      attached ??= error;
    }
  }
  if (classified.length === 0 && attached !== undefined) throw attached;
  return classified.sort(compareFiles);
}

/** 1C puts the files of its goods into `import_files`, beside pictures whatever is attached: XML of another kind is no exchange. */
function isAttachment(name: string, error: unknown): boolean {
  return (
    error instanceof CommerceMlError && error.code === 'not-commerceml' && /(^|\/)import_files\//.test(name)
  );
}

/**
 * Reads a whole exchange in batches, in dependency order: reference data, goods, offers, prices, rests. This is
 * the fast way: one array for every 256 KiB of a file. Memory does not grow with the exchange, except for the
 * ids that `crossChecks` holds.
 *
 * @throws CommerceMlError at the first file that is cut, malformed or no CommerceML: what was yielded before
 *   may then not be used. The signal's reason when aborted.
 * @example for await (const records of readExchangeBatches('/var/1c/exchange', { crossChecks: false })) stage(records);
 */
export async function* readExchangeBatches(
  source: ExchangeSource | OrderedExchange,
  options: ReadExchangeOptions = {},
): AsyncGenerator<CommerceMlRecord[], void, undefined> {
  const { signal, encoding, valueWarnings } = options;
  const files = await orderExchange(source, options);
  const checks = (options.crossChecks ?? true) ? new CrossChecks() : undefined;
  const bytesTotal = files.reduce((sum, { file }) => sum + file.bytes, 0);
  let bytesBefore = 0;
  for (const { file, phase } of files) {
    options.onFile?.({ file: file.name, phase, bytesBefore, bytesTotal });
    try {
      for await (const records of readDocumentBatches(file.chunks(), {
        file: file.name,
        signal,
        encoding,
        valueWarnings,
      })) {
        checks?.see(records);
        yield records;
        const certain = checks?.take() ?? [];
        if (certain.length > 0) yield certain;
      }
    } catch (error) {
      throw await withLine(error, file);
    }
    bytesBefore += file.bytes;
  }
  if (checks !== undefined) yield* checks.finish();
}

/**
 * Reads a whole exchange record by record. Convenient; `readExchangeBatches` is several times faster because
 * an await for each record costs more than reading it.
 *
 * @throws as `readExchangeBatches`.
 * @example for await (const record of readExchange('/var/1c/exchange')) console.log(record.kind);
 */
export async function* readExchange(
  source: ExchangeSource | OrderedExchange,
  options: ReadExchangeOptions = {},
): AsyncGenerator<CommerceMlRecord, void, undefined> {
  for await (const records of readExchangeBatches(source, options)) yield* records;
}
