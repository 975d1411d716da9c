/** A chunk is one COPY statement, and each begins with memory of its own: at 256 KiB a seventh of the reading went into that. */
const CHUNK_BYTES = 1024 * 1024;
/** Parts of rows are merged before they are copied; the sooner they come the less one waits for the other. */
export const PART_BYTES = 256 * 1024;

/**
 * Buffers for chunks, used again when their rows are in the database. Left to the garbage collector, megabytes of them
 * piled up in the thread that copies: it allocates so little else that it hardly ever collects.
 *
 * @example
 * const buffers = new ChunkBuffers();
 * const buffer = buffers.take();
 * buffers.give(buffer.buffer);
 */
export class ChunkBuffers {
  readonly #free: ArrayBuffer[] = [];

  /** Size of a chunk. */
  readonly bytes: number;

  constructor(bytes = CHUNK_BYTES) {
    this.bytes = bytes;
  }

  take(): Buffer<ArrayBuffer> {
    const free = this.#free.pop();
    return free === undefined ? Buffer.allocUnsafeSlow(this.bytes) : Buffer.from(free);
  }

  /** Takes a buffer back; one of another size (a row longer than a chunk) is left to the collector. */
  give(buffer: ArrayBuffer): void {
    if (buffer.byteLength === this.bytes) this.#free.push(buffer);
  }
}
