import { createHash } from 'node:crypto';
import { type CommerceMlRecord, readExchangeBatches } from 'commerceml';
import type { ImportMode } from '../import-mode.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { recordAttributes } from './record-attributes.ts';
import { RecordStager } from './record-stager.ts';
import type { StageMessage, StageProgress, StageRequest } from './stage-message.ts';

/** Kinds that each mode stages; the others are read for well-formedness and left. */
const KINDS: Readonly<Record<ImportMode, ReadonlySet<CommerceMlRecord['kind']> | undefined>> = {
  full: undefined,
  changes: undefined,
  prices: new Set(['document', 'section', 'priceType', 'price', 'warning']),
  stock: new Set(['document', 'section', 'warehouse', 'rest', 'warning']),
};

const PROGRESS_EVERY_MS = 250;

/**
 * Reads an exchange and yields COPY text for the staging tables. Pure apart from reading the files, so that it runs as
 * well in a worker as beside the connection. Yields at least once for each 256 KiB, which lets the consumer hold it back.
 *
 * @throws CommerceMlError for a cut, malformed or missing exchange; what was yielded may then not be used.
 * @example for await (const message of readStaging(request)) if (message.type === 'chunk') await copy(message.chunk);
 */
export async function* readStaging(request: StageRequest): AsyncGenerator<StageMessage, void, undefined> {
  const ready: StageMessage[] = [];
  const writer = new ChunkWriter((chunk) => ready.push({ type: 'chunk', chunk }));
  const attributes = recordAttributes(request.knownColors);
  const stager = new RecordStager({
    add: (table, row) => writer.add(table, row),
    attributesOf: attributes.of,
    brandPropertyIds: request.brandPropertyIds,
  });
  const key = createHash('sha256');
  const kinds = KINDS[request.mode];
  let files = 0;
  let progress: StageProgress = { file: '', phase: '', records: 0, bytes: 0, bytesTotal: 0 };
  let reportedAt = 0;
  const batches = readExchangeBatches(request.source, {
    crossChecks: false,
    onFile: ({ file, phase, bytesBefore, bytesTotal }) => {
      files += 1;
      key.update(`${file}\n`);
      progress = { file, phase, records: stager.records, bytes: bytesBefore, bytesTotal };
      ready.push({ type: 'progress', progress });
    },
  });
  for await (const records of batches) {
    for (const record of records) {
      if (kinds !== undefined && !kinds.has(record.kind)) continue;
      attributes.see(record);
      stager.take(record);
      if (record.kind === 'document') key.update(`${record.schema} ${record.formedAt}\n`);
    }
    if (performance.now() - reportedAt > PROGRESS_EVERY_MS) {
      reportedAt = performance.now();
      ready.push({ type: 'progress', progress: { ...progress, records: stager.records } });
    }
    yield* ready.splice(0);
  }
  const summary = stager.finish();
  writer.flush();
  yield* ready.splice(0);
  const bytes = progress.bytesTotal;
  yield { type: 'progress', progress: { ...progress, records: stager.records, bytes } };
  yield { type: 'done', summary: { ...summary, files, bytes, exchangeKey: key.digest('hex') } };
}
