import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { StagingChunk } from './chunk-writer.ts';
import type { ExchangeSummary } from './exchange-summary.ts';
import { readStaging } from './read-staging.ts';
import { stageInWorker } from './stage-in-worker.ts';
import type { StageProgress, StageRequest } from './stage-message.ts';
import { STAGING_SCHEMA } from './staging-schema.ts';

export interface StageExchangeOptions {
  readonly request: StageRequest;
  /** Connections that copy at the same time; two are a quarter faster than one and more are not. */
  readonly clients: readonly Client[];
  /** Reads in a thread of its own. It costs 60 ms to start, which small exchanges do not win back. */
  readonly worker: boolean;
  readonly onProgress: (progress: StageProgress) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Chunks waiting for a connection; the worker's own limit holds the rest back. */
const WAITING_CHUNKS_MAX = 4;

/**
 * Reads an exchange into the staging tables. Returns when the last row is in the database.
 *
 * @throws CommerceMlError where the exchange cannot be read; the signal's reason when aborted.
 * @example const summary = await stageExchange({ request, clients: [first, second], worker: true, onProgress });
 */
export async function stageExchange(options: StageExchangeOptions): Promise<ExchangeSummary> {
  const { request, signal } = options;
  const threaded = options.worker ? stageInWorker(request) : undefined;
  const idle = [...options.clients];
  const copying = new Set<Promise<void>>();
  let failure: unknown;
  let summary: ExchangeSummary | undefined;
  const send = async (client: Client, chunk: StagingChunk): Promise<void> => {
    try {
      await copyChunk(client, chunk);
      threaded?.copied(chunk.bytes.length);
    } catch (error) {
      failure ??= error;
    } finally {
      idle.push(client);
    }
  };
  const waiting: StagingChunk[] = [];
  const drain = async (leave: number): Promise<void> => {
    while (waiting.length > leave) {
      const client = idle.pop();
      if (client === undefined) {
        await Promise.race(copying);
        continue;
      }
      const chunk = waiting.shift();
      if (chunk === undefined) return;
      const sent: Promise<void> = send(client, chunk).finally(() => copying.delete(sent));
      copying.add(sent);
    }
    if (failure !== undefined) throw failure;
  };
  try {
    for await (const message of threaded?.messages ?? readStaging(request)) {
      signal?.throwIfAborted();
      if (message.type === 'progress') options.onProgress(message.progress);
      else if (message.type === 'done') summary = message.summary;
      else {
        waiting.push(message.chunk);
        await drain(idle.length > 0 ? 0 : WAITING_CHUNKS_MAX);
      }
    }
    await drain(0);
  } finally {
    await Promise.all(copying);
  }
  if (failure !== undefined) throw failure;
  if (summary === undefined) throw new Error('the reading ended without a summary');
  return summary;
}

/** One chunk is one COPY: tables come interleaved, and a connection copies into one table at a time. */
async function copyChunk(client: Client, chunk: StagingChunk): Promise<void> {
  const stream = client.query(copyFrom(`COPY ${STAGING_SCHEMA}.${chunk.table} FROM STDIN`));
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject);
    stream.once('finish', resolve);
    stream.end(chunk.bytes);
  });
}
