import {
  type ClassifiedFile,
  type CommerceMlRecord,
  orderExchange,
  PHASES,
  type Phase,
  visitExchange,
} from 'commerceml';
import type { ImportMode } from '../import-mode.ts';
import { ChunkBuffers, PART_BYTES } from './chunk-buffers.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { ContentKeys } from './content-key.ts';
import type { ReadingSummary } from './exchange-summary.ts';
import { type AddRow, KeyPartRows, KeyRows } from './key-rows.ts';
import { ReadingRoom } from './reading-room.ts';
import { recordAttributes } from './record-attributes.ts';
import { RecordStager, type RecordStagerOptions } from './record-stager.ts';
import type { StageMessage, StageProgress, StageRequest } from './stage-message.ts';
import type { PartTable, StagingTableName } from './staging-schema.ts';

/** Kinds that each mode stages; the others are read for well-formedness and left. */
const KINDS: Readonly<Record<ImportMode, ReadonlySet<CommerceMlRecord['kind']> | undefined>> = {
  full: undefined,
  changes: undefined,
  prices: new Set(['document', 'section', 'priceType', 'price', 'warning']),
  stock: new Set(['document', 'section', 'warehouse', 'rest', 'warning']),
};

const PROGRESS_EVERY_MS = 250;

export interface ReadStagingOptions {
  readonly buffers?: ChunkBuffers;
  readonly partBuffers?: ChunkBuffers;
  /** What is handed out and not taken yet; the reading waits where that is much. */
  readonly room?: ReadingRoom;
}

/**
 * Reads an exchange, or some phases of it, and yields COPY text for the staging tables. Pure apart from reading the
 * files, so that it runs as well in a worker as beside the connection.
 *
 * @throws CommerceMlError for a cut, malformed or missing exchange; what was yielded may then not be used.
 * @example for await (const message of readStaging(request)) if (message.type === 'chunk') await copy(message.chunk);
 */
export async function* readStaging(
  request: StageRequest,
  {
    buffers = new ChunkBuffers(),
    partBuffers = new ChunkBuffers(PART_BYTES),
    room = new ReadingRoom(),
  }: ReadStagingOptions = {},
): AsyncGenerator<StageMessage, void, undefined> {
  const ready: StageMessage[] = [];
  const writer = new ChunkWriter<StagingTableName>(buffers, (chunk) => ready.push({ type: 'chunk', chunk }));
  const partWriter = new ChunkWriter<PartTable>(partBuffers, (chunk) => ready.push({ type: 'chunk', chunk }));
  const add: AddRow = (table, row) => writer.addRow(table, row);
  const addPart: AddRow<PartTable> = (part, row) => partWriter.addRow(part, row);
  const ordered = await orderExchange(request.source);
  const wanted = request.streams ?? [{ phases: PHASES, part: undefined }];
  const streams = wanted.map(({ phases, part }, index) => {
    const parts = part === undefined ? new KeyRows(add) : new KeyPartRows({ part, add, addPart });
    return new Stream({ phases, part, index, request, ordered, add, parts });
  });
  const progress = (): StageMessage => ({
    type: 'progress',
    progress: combineProgress(streams.map((stream) => stream.progress)),
  });
  let reportedAt = 0;
  const open = new Set(streams);
  try {
    for (let stream = leastAhead(open, room); stream !== undefined; stream = leastAhead(open, room)) {
      await room.for(streams.length > 1 ? stream.part : undefined);
      if (!(await stream.step())) {
        open.delete(stream);
        stream.finish();
        // Who merges the parts may wait for these rows while the other streams have no room.
        partWriter.flush(stream.part);
        if (stream.part !== undefined) ready.push({ type: 'ended', part: stream.part });
      }
      if (performance.now() - reportedAt > PROGRESS_EVERY_MS) {
        reportedAt = performance.now();
        ready.push(progress());
      }
      yield* ready.splice(0);
    }
  } finally {
    for (const stream of open) await stream.close();
  }
  writer.flush();
  partWriter.flush();
  yield* ready.splice(0);
  yield progress();
  yield { type: 'done', summaries: streams.map((stream) => stream.summary()) };
}

/** The stream of which least is on its way, among those that are not read to their end. */
function leastAhead(open: ReadonlySet<Stream>, room: ReadingRoom): Stream | undefined {
  let least: Stream | undefined;
  for (const stream of open) {
    if (least === undefined || room.ahead(stream.part) < room.ahead(least.part)) least = stream;
  }
  return least;
}

interface StreamOptions extends Pick<RecordStagerOptions, 'add'> {
  readonly parts: KeyRows | KeyPartRows;
  readonly request: StageRequest;
  readonly phases: readonly Phase[];
  readonly part: PartTable | undefined;
  readonly index: number;
  readonly ordered: readonly ClassifiedFile[];
}

/** Records of one stream are numbered from here above those of the one before. Below 2^31, or V8 makes an object of each number. */
const ORDS_PER_STREAM = 500_000_000;

/** Files that are read one after the other. */
class Stream {
  readonly part: PartTable | undefined;
  readonly #files: readonly ClassifiedFile[];
  readonly #stager: RecordStager;
  readonly #parts: KeyRows | KeyPartRows;
  readonly #steps: AsyncGenerator<undefined, void, undefined>;
  readonly #keys = new ContentKeys();
  #progress: StageProgress = { file: '', phase: '', records: 0, bytes: 0, bytesTotal: 0 };
  #found: ReturnType<RecordStager['finish']> | undefined;

  constructor({ request, phases, part, index, ordered, add, parts }: StreamOptions) {
    this.part = part;
    this.#parts = parts;
    this.#files = ordered.filter(({ phase }) => phases.includes(phase));
    const attributes = recordAttributes(request.knownColors);
    const firstOrd = (request.firstOrd ?? 0) + index * ORDS_PER_STREAM;
    this.#stager = new RecordStager({ ...request, firstOrd, add, parts, attributesOf: attributes.of });
    const kinds = KINDS[request.mode];
    const watched = this.#files.map((classified) => ({
      ...classified,
      file: this.#keys.watch(classified.file),
    }));
    const take = (record: CommerceMlRecord): void => {
      if (kinds !== undefined && !kinds.has(record.kind)) return;
      attributes.see(record);
      this.#stager.take(record);
    };
    this.#steps = visitExchange({ ordered: watched }, take, {
      // Defects of single values (padding, sentinels) skip nothing: there are five an offer in real exports, and
      // `commerceml inspect` reports them.
      valueWarnings: false,
      onFile: ({ file, phase, bytesBefore, bytesTotal }) => {
        this.#progress = { file, phase, records: 0, bytes: bytesBefore, bytesTotal };
      },
    });
  }

  get progress(): StageProgress {
    return { ...this.#progress, records: this.#stager.records };
  }

  /** Reads a piece of a file. Returns false at the end of the last one. */
  async step(): Promise<boolean> {
    return (await this.#steps.next()).done !== true;
  }

  /** Hands out what is still gathered. */
  finish(): void {
    this.#found = this.#stager.finish();
    this.#parts.flush();
    this.#progress = { ...this.#progress, bytes: this.#progress.bytesTotal };
  }

  async close(): Promise<void> {
    await this.#steps.return();
  }

  summary(): ReadingSummary {
    if (this.#found === undefined) throw new Error('the stream is not read to its end');
    const { bytes } = this.#progress;
    return {
      ...this.#found,
      files: this.#files.length,
      bytes,
      fileKeys: this.#keys.files,
      keys: this.#parts.counts,
    };
  }
}

/** The sum of what is read at the same time. */
export function combineProgress(all: readonly StageProgress[]): StageProgress {
  const sum = (pick: (progress: StageProgress) => number): number => all.reduce((n, one) => n + pick(one), 0);
  const read = all.filter(({ file }) => file !== '');
  return {
    file: read.at(-1)?.file ?? '',
    phase: [...new Set(read.map(({ phase }) => phase))].join(' and '),
    records: sum(({ records }) => records),
    bytes: sum(({ bytes }) => bytes),
    bytesTotal: sum(({ bytesTotal }) => bytesTotal),
  };
}
