import { once } from 'node:events';
import { enableCompileCache } from 'node:module';
import { Worker } from 'node:worker_threads';
import { CommerceMlError } from 'commerceml';
import type { StagingChunk } from './chunk-writer.ts';
import type { StageMessage, StageRequest } from './stage-message.ts';
import type { FromWorker, ToWorker } from './worker-protocol.ts';

/** Megabytes of young generation: records live for a moment, and the default of 16 MiB takes 30 MB a thread more. */
const YOUNG_GENERATION_MB = 4;
const OLD_GENERATION_MB = 256;

/** Messages of a reading that runs in a thread of its own. Call `taken` for every chunk that is in the database or merged. */
export interface WorkerStaging {
  readonly messages: AsyncIterable<StageMessage>;
  readonly taken: (chunk: StagingChunk) => void;
}

/**
 * `readStaging` on the other core: reading and COPY then overlap. The thread is ended on every path out of the loop.
 *
 * @throws CommerceMlError as `readStaging`, from the iteration; the signal's reason when aborted.
 * @example
 * const { messages, taken } = stageInWorker(request, signal);
 * for await (const message of messages) if (message.type === 'chunk') void copy(message.chunk).then(taken);
 */
export function stageInWorker(request: StageRequest, signal: AbortSignal): WorkerStaging {
  const worker = new Worker(new URL('./stage-worker.ts', import.meta.url), {
    workerData: request,
    env: { ...process.env, ...compileCache() },
    resourceLimits: {
      maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
      maxOldGenerationSizeMb: OLD_GENERATION_MB,
    },
  });
  return {
    messages: messages(worker, signal),
    taken: ({ table, bytes }) => {
      const message: ToWorker = { table, takenBytes: bytes.length, buffer: bytes.buffer };
      worker.postMessage(message, [bytes.buffer]);
    },
  };
}

/**
 * Threads that find their modules in the compile cache need not load the type stripper, which is 35 MB each. The first
 * import of a release fills it.
 */
function compileCache(): Readonly<Record<string, string>> {
  const { directory } = enableCompileCache();
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: directory };
}

async function* messages(worker: Worker, signal: AbortSignal): AsyncGenerator<StageMessage, void, undefined> {
  const received: FromWorker[] = [];
  let broken: Error | undefined;
  let wake: (() => void) | undefined;
  worker.on('message', (message: FromWorker) => {
    received.push(message);
    wake?.();
  });
  worker.once('error', (error) => {
    broken = error instanceof Error ? error : new Error(String(error));
    wake?.();
  });
  worker.once('exit', (code) => {
    broken ??= new Error(`the reading thread ended with code ${code} before the exchange was read`);
    wake?.();
  });
  // It may say nothing any more: the thread waits for room that another reading would have made.
  const stop = (): void => wake?.();
  signal.addEventListener('abort', stop);
  try {
    for (;;) {
      signal.throwIfAborted();
      const message = received.shift();
      if (message !== undefined) {
        if (message.type === 'failed') throw rebuilt(message);
        yield message;
        if (message.type === 'done') return;
        continue;
      }
      if (broken !== undefined) throw broken;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal.removeEventListener('abort', stop);
    const ended = worker.threadId === -1 ? undefined : once(worker, 'exit');
    await worker.terminate();
    await ended;
  }
}

function rebuilt(failed: Extract<FromWorker, { type: 'failed' }>): Error {
  const { place, message, stack } = failed;
  const error = place === undefined ? new Error(message) : new CommerceMlError(place.reason, place);
  if (stack !== undefined) error.stack = stack;
  return error;
}
