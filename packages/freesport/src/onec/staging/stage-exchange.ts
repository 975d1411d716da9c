import type { Client } from 'pg';
import type { ImportMode } from '../import-mode.ts';
import { ChunkBuffers } from './chunk-buffers.ts';
import { ChunkWriter, type StagingChunk } from './chunk-writer.ts';
import { CopyQueue } from './copy-queue.ts';
import { combineSummaries, type ExchangeSummary, type ReadingSummary } from './exchange-summary.ts';
import { PartMerge } from './part-merge.ts';
import { combineProgress, readStaging } from './read-staging.ts';
import { stageInWorker } from './stage-in-worker.ts';
import type { StageProgress, StageRequest } from './stage-message.ts';
import { PART_TABLES, type PartTable, type StagingTableName } from './staging-schema.ts';

export interface StageExchangeOptions {
  /**
   * Readings that run at the same time; see `planReadings`. Several get a thread each (40 MB), whose young garbage is kept small:
   * this thread's would be three times as large. One alone runs here, beside COPY, which costs this thread next to nothing.
   */
  readonly requests: readonly StageRequest[];
  /** Connections that copy at the same time; two are a quarter faster than one and more are not. */
  readonly clients: readonly Client[];
  readonly onProgress: (progress: StageProgress) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads an exchange into the staging tables. Returns when the last row is in the database.
 *
 * @throws CommerceMlError where the exchange cannot be read; the signal's reason when aborted.
 * @example const summary = await stageExchange({ requests, clients: [first, second], onProgress });
 */
export async function stageExchange({
  requests,
  clients,
  onProgress,
  signal,
}: StageExchangeOptions): Promise<ExchangeSummary> {
  const stop = new AbortController();
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const progress = new Map<StageRequest, StageProgress>();
  const sink = new Sink(clients, requests.flatMap(expectedParts));
  const readings = requests.map(async (request) => {
    try {
      return await readOne({ request, ownThread: requests.length > 1, stopped }, sink, (reading) => {
        progress.set(request, reading);
        onProgress(combineProgress([...progress.values()]));
      });
    } catch (error) {
      // The first reading that fails stops the others; its error is the one to tell.
      stop.abort(error);
      throw error;
    }
  });
  const settled = await Promise.allSettled(readings);
  if (stop.signal.aborted) {
    await sink.settled();
    throw stop.signal.reason;
  }
  await sink.finish();
  const summaries = settled.flatMap((reading) => (reading.status === 'fulfilled' ? reading.value : []));
  return combineSummaries(summaries, sink.merged);
}

interface Reading {
  readonly request: StageRequest;
  readonly ownThread: boolean;
  readonly stopped: AbortSignal;
}

async function readOne(
  { request, ownThread, stopped }: Reading,
  sink: Sink,
  onProgress: (progress: StageProgress) => void,
): Promise<readonly ReadingSummary[]> {
  const thread = ownThread ? stageInWorker(request, stopped) : undefined;
  const buffers = new ChunkBuffers();
  const summaries: ReadingSummary[] = [];
  for await (const message of thread?.messages ?? readStaging(request, { buffers })) {
    stopped.throwIfAborted();
    if (message.type === 'progress') onProgress(message.progress);
    else if (message.type === 'done') summaries.push(...message.summaries);
    else if (message.type === 'ended') await sink.end(message.part);
    else {
      const { chunk } = message;
      await sink.add(chunk, () =>
        thread === undefined ? buffers.give(chunk.bytes.buffer) : thread.taken(chunk),
      );
    }
  }
  return summaries;
}

/** Where all chunks end up: those of whole rows in the database, parts of rows in the merge before it. */
class Sink {
  readonly #queue: CopyQueue;
  readonly #buffers = new ChunkBuffers();
  readonly #ready: StagingChunk<StagingTableName>[] = [];
  readonly #writer = new ChunkWriter<StagingTableName>(this.#buffers, (chunk) => this.#ready.push(chunk));
  readonly #merge: PartMerge;

  constructor(clients: readonly Client[], expected: readonly PartTable[]) {
    this.#queue = new CopyQueue(clients);
    this.#merge = new PartMerge({ writer: this.#writer, expected });
  }

  /** What the merge has staged. */
  get merged(): ReadingSummary['keys'] {
    return this.#merge.counts;
  }

  /** Takes a chunk; resolves when there is room for more. `taken` is called when its bytes are not needed any more. */
  async add(chunk: StagingChunk, taken: () => void): Promise<void> {
    const { table } = chunk;
    if (!isPart(table)) {
      await this.#queue.add({ ...chunk, table }, taken);
      return;
    }
    this.#merge.add({ ...chunk, table }, taken);
    await this.#copyMerged();
  }

  async end(part: PartTable): Promise<void> {
    this.#merge.end(part);
    await this.#copyMerged();
  }

  /** Resolves when everything is in the database. */
  async finish(): Promise<void> {
    this.#writer.flush();
    await this.#copyMerged();
    await this.#queue.drained();
  }

  /** Resolves when nothing is copied any more, whether it went well or not. */
  async settled(): Promise<void> {
    await this.#queue.settled();
  }

  async #copyMerged(): Promise<void> {
    for (const chunk of this.#ready.splice(0)) {
      await this.#queue.add(chunk, () => this.#buffers.give(chunk.bytes.buffer));
    }
  }
}

function isPart(table: StagingChunk['table']): table is PartTable {
  return PART_TABLES.some((part) => part === table);
}

/** Parts that a mode stages nothing of are read and do not come. */
const STAGED_PARTS: Readonly<Record<ImportMode, readonly PartTable[]>> = {
  full: PART_TABLES,
  changes: PART_TABLES,
  prices: ['price_parts'],
  stock: ['rest_parts'],
};

function expectedParts({ mode, streams = [] }: StageRequest): PartTable[] {
  return streams.map(({ part }) => part).filter((part) => STAGED_PARTS[mode].includes(part));
}
