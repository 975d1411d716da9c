import type { Client } from 'pg';
import { ChunkBuffers } from './chunk-buffers.ts';
import { CopyQueue } from './copy-queue.ts';
import { combineSummaries, type ExchangeSummary, type ReadingSummary } from './exchange-summary.ts';
import { readStaging } from './read-staging.ts';
import { stageInWorker } from './stage-in-worker.ts';
import type { StageProgress, StageRequest } from './stage-message.ts';

export interface StageExchangeOptions {
  /**
   * Readings that run at the same time; see `planReadings`. All but the last get a thread of their own (40 MB each); the last
   * runs here, beside COPY, which costs this thread next to nothing.
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
export async function stageExchange(options: StageExchangeOptions): Promise<ExchangeSummary> {
  const queue = new CopyQueue(options.clients);
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const progress = new Map<StageRequest, StageProgress>();
  const readings = options.requests.map(async (request, index) => {
    const ownThread = index < options.requests.length - 1;
    try {
      return await readOne({ request, ownThread, signal }, queue, (reading) => {
        progress.set(request, reading);
        options.onProgress(total(reading, [...progress.values()]));
      });
    } catch (error) {
      // The first reading that fails stops the others; its error is the one to tell.
      stop.abort(error);
      throw error;
    }
  });
  const settled = await Promise.allSettled(readings);
  await queue.settled();
  if (stop.signal.aborted) throw stop.signal.reason;
  return combineSummaries(
    settled.flatMap((reading) => (reading.status === 'fulfilled' ? [reading.value] : [])),
  );
}

interface Reading {
  readonly request: StageRequest;
  readonly ownThread: boolean;
  readonly signal: AbortSignal;
}

async function readOne(
  { request, ownThread, signal }: Reading,
  queue: CopyQueue,
  onProgress: (progress: StageProgress) => void,
): Promise<ReadingSummary> {
  const thread = ownThread ? stageInWorker(request) : undefined;
  const buffers = new ChunkBuffers();
  let summary: ReadingSummary | undefined;
  for await (const message of thread?.messages ?? readStaging(request, buffers)) {
    signal.throwIfAborted();
    if (message.type === 'progress') onProgress(message.progress);
    else if (message.type === 'done') summary = message.summary;
    else {
      const { chunk } = message;
      await queue.add(chunk, () =>
        thread === undefined ? buffers.give(chunk.bytes.buffer) : thread.copied(chunk),
      );
    }
  }
  await queue.drained();
  if (summary === undefined) throw new Error('the reading ended without a summary');
  return summary;
}

function total(latest: StageProgress, all: readonly StageProgress[]): StageProgress {
  const sum = (pick: (progress: StageProgress) => number): number => all.reduce((n, one) => n + pick(one), 0);
  return {
    ...latest,
    phase: [...new Set(all.map(({ phase }) => phase))].join(' and '),
    records: sum(({ records }) => records),
    bytes: sum(({ bytes }) => bytes),
    bytesTotal: sum(({ bytesTotal }) => bytesTotal),
  };
}
