import { type CommerceMlRecord, orderExchange, visitExchange } from 'commerceml';
import type { ImportMode } from '../import-mode.ts';
import { ChunkBuffers } from './chunk-buffers.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { ContentKeys } from './content-key.ts';
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
 * Reads an exchange, or some phases of it, and yields COPY text for the staging tables. Pure apart from reading the
 * files, so that it runs as well in a worker as beside the connection.
 *
 * @throws CommerceMlError for a cut, malformed or missing exchange; what was yielded may then not be used.
 * @example for await (const message of readStaging(request)) if (message.type === 'chunk') await copy(message.chunk);
 */
export async function* readStaging(
  request: StageRequest,
  buffers: ChunkBuffers = new ChunkBuffers(),
): AsyncGenerator<StageMessage, void, undefined> {
  const ready: StageMessage[] = [];
  const writer = new ChunkWriter(buffers, (chunk) => ready.push({ type: 'chunk', chunk }));
  const attributes = recordAttributes(request.knownColors);
  const stager = new RecordStager({
    ...request,
    add: (table, row) => writer.add(table, row),
    attributesOf: attributes.of,
  });
  const keys = new ContentKeys();
  const kinds = KINDS[request.mode];
  const ordered = await orderExchange(request.source);
  const wanted = ordered.filter(({ phase }) => request.phases?.includes(phase) ?? true);
  let progress: StageProgress = { file: '', phase: '', records: 0, bytes: 0, bytesTotal: 0 };
  let reportedAt = 0;
  const steps = visitExchange(
    { ordered: wanted.map((classified) => ({ ...classified, file: keys.watch(classified.file) })) },
    (record) => {
      if (kinds !== undefined && !kinds.has(record.kind)) return;
      attributes.see(record);
      stager.take(record);
    },
    {
      // Defects of single values (padding, sentinels) skip nothing: there are five an offer in real exports, and
      // `commerceml inspect` reports them.
      valueWarnings: false,
      onFile: ({ file, phase, bytesBefore, bytesTotal }) => {
        progress = { file, phase, records: stager.records, bytes: bytesBefore, bytesTotal };
        ready.push({ type: 'progress', progress });
      },
    },
  );
  for await (const _ of steps) {
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
  yield { type: 'done', summary: { ...summary, files: wanted.length, bytes, fileKeys: keys.files } };
}
