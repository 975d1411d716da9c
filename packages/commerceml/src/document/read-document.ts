import type { CommerceMlRecord } from '../records.ts';
import { DocumentFeed, type DocumentOptions } from './document-feed.ts';

/** Where a document's bytes come from. */
export type DocumentSource = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** `DocumentOptions`, and a signal that stops between two chunks. */
export interface ReadDocumentOptions extends DocumentOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A whole buffer is cut into pieces of this size, so that it is read with the same bounded memory as a stream. */
const PIECE_BYTES = 256 * 1024;

/**
 * Reads one document in batches: one array of records for each chunk of the source that completed some. The
 * source is pulled, so a slow consumer stops the reading, and leaving the loop closes the source.
 *
 * @throws CommerceMlError for a document that is cut, malformed or not CommerceML; the signal's reason when aborted.
 * @example for await (const records of readDocumentBatches(createReadStream('import.xml'))) await store(records);
 */
export async function* readDocumentBatches(
  source: DocumentSource,
  options: ReadDocumentOptions = {},
): AsyncGenerator<CommerceMlRecord[], void, undefined> {
  const feed = new DocumentFeed(options);
  for await (const chunk of source instanceof Uint8Array ? pieces(source) : source) {
    options.signal?.throwIfAborted();
    const records = feed.push(chunk);
    if (records.length > 0) yield records;
  }
  options.signal?.throwIfAborted();
  const records = feed.finish();
  if (records.length > 0) yield records;
}

/**
 * Reads one document and hands each record to `visit` the moment it is complete, instead of gathering those of a chunk: a
 * record that nobody keeps is then gone before the next collection of garbage, which has nothing to copy. Yields after each
 * chunk, so that a slow consumer stops the reading as in `readDocumentBatches`.
 *
 * @throws as `readDocumentBatches`; what `visit` throws.
 * @example for await (const _ of visitDocument(createReadStream('offers.xml'), stage)) await roomForMore();
 */
export async function* visitDocument(
  source: DocumentSource,
  visit: (record: CommerceMlRecord) => void,
  options: ReadDocumentOptions = {},
): AsyncGenerator<undefined, void, undefined> {
  const feed = new DocumentFeed({ ...options, onRecord: visit });
  for await (const chunk of source instanceof Uint8Array ? pieces(source) : source) {
    options.signal?.throwIfAborted();
    feed.push(chunk);
    yield;
  }
  options.signal?.throwIfAborted();
  feed.finish();
  yield;
}

/**
 * Reads one document record by record.
 *
 * @throws as `readDocumentBatches`.
 * @example for await (const record of readDocument(bytes, { file: 'offers.xml' })) console.log(record.kind);
 */
export async function* readDocument(
  source: DocumentSource,
  options: ReadDocumentOptions = {},
): AsyncGenerator<CommerceMlRecord, void, undefined> {
  for await (const records of readDocumentBatches(source, options)) yield* records;
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
