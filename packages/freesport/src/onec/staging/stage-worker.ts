/** Worker thread that reads an exchange: see `stageInWorker`. Chunks are transferred, not copied. */
import { parentPort, workerData } from 'node:worker_threads';
import { CommerceMlError } from 'commerceml';
import { ChunkBuffers } from './chunk-buffers.ts';
import { readStaging } from './read-staging.ts';
import type { StageRequest } from './stage-message.ts';
import { type FromWorker, STAGED_AHEAD_BYTES, type ToWorker } from './worker-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('stage-worker runs as a worker thread only');

const buffers = new ChunkBuffers();
let ahead = 0;
let resume: (() => void) | undefined;
port.on('message', ({ copiedBytes, buffer }: ToWorker) => {
  buffers.give(buffer);
  ahead -= copiedBytes;
  if (ahead < STAGED_AHEAD_BYTES) resume?.();
});

const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

try {
  for await (const message of readStaging(workerData as StageRequest, buffers)) {
    if (message.type !== 'chunk') {
      post(message);
      continue;
    }
    const { bytes } = message.chunk;
    ahead += bytes.length;
    post(message, [bytes.buffer]);
    if (ahead >= STAGED_AHEAD_BYTES) await new Promise<void>((resolve) => (resume = resolve));
  }
} catch (error) {
  // Class and fields of an error do not survive the border between threads.
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const place =
    error instanceof CommerceMlError
      ? { reason: error.reason, code: error.code, file: error.file, offset: error.offset, line: error.line }
      : undefined;
  post({ type: 'failed', message, stack, place });
} finally {
  port.close();
}
