/** Worker thread that reads an exchange: see `stageInWorker`. Chunks are transferred, not copied. */
import { parentPort, workerData } from 'node:worker_threads';
import { CommerceMlError } from 'commerceml';
import { ChunkBuffers, PART_BYTES } from './chunk-buffers.ts';
import { readStaging } from './read-staging.ts';
import { ReadingRoom } from './reading-room.ts';
import type { StageRequest } from './stage-message.ts';
import type { FromWorker, ToWorker } from './worker-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('stage-worker runs as a worker thread only');

const buffers = new ChunkBuffers();
const partBuffers = new ChunkBuffers(PART_BYTES);
const room = new ReadingRoom();
port.on('message', ({ table, takenBytes, buffer }: ToWorker) => {
  buffers.give(buffer);
  partBuffers.give(buffer);
  room.take(table, takenBytes);
});

const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

try {
  for await (const message of readStaging(workerData as StageRequest, { buffers, partBuffers, room })) {
    if (message.type !== 'chunk') {
      post(message);
      continue;
    }
    const { table, bytes } = message.chunk;
    room.handOut(table, bytes.length);
    post(message, [bytes.buffer]);
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
