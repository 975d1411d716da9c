import { CHUNK_BYTES, type ChunkBuffers } from './chunk-buffers.ts';
import type { StagingTableName } from './staging-schema.ts';

/** COPY text of some rows of one staging table, ready to be sent. */
export interface StagingChunk {
  readonly table: StagingTableName;
  readonly rows: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Characters gathered as a string before they are encoded: encoding small strings costs more than joining them. */
const TEXT_LENGTH_MAX = 32 * 1024;

interface TableBuffer {
  text: string;
  rows: number;
  bytes: Buffer<ArrayBuffer>;
  used: number;
}

/**
 * Gathers rows of staging tables into chunks of a quarter of a mebibyte and hands each full one to `emit`. Memory: one
 * chunk a table in use.
 *
 * @example
 * const writer = new ChunkWriter(new ChunkBuffers(), (chunk) => queue.push(chunk));
 * writer.add('rests', 'id\t\\N\t3\n');
 * writer.flush();
 */
export class ChunkWriter {
  readonly #emit: (chunk: StagingChunk) => void;
  readonly #buffers: ChunkBuffers;
  readonly #tables = new Map<StagingTableName, TableBuffer>();

  constructor(buffers: ChunkBuffers, emit: (chunk: StagingChunk) => void) {
    this.#buffers = buffers;
    this.#emit = emit;
  }

  /** Adds one row, given as a line of COPY text. */
  add(table: StagingTableName, row: string): void {
    let buffer = this.#tables.get(table);
    if (buffer === undefined) {
      buffer = { text: '', rows: 0, bytes: this.#buffers.take(), used: 0 };
      this.#tables.set(table, buffer);
    }
    buffer.text += row;
    buffer.rows += 1;
    if (buffer.text.length >= TEXT_LENGTH_MAX) this.#encode(table, buffer);
  }

  /** Hands out whatever is gathered. */
  flush(): void {
    for (const [table, buffer] of this.#tables) {
      if (buffer.rows === 0) continue;
      this.#encode(table, buffer);
      if (buffer.used > 0) this.#ship(table, buffer);
    }
  }

  #encode(table: StagingTableName, buffer: TableBuffer): void {
    const bytesMax = buffer.text.length * 3;
    if (buffer.used + bytesMax > buffer.bytes.length) {
      // A row may be longer than a chunk (a description of megabytes): it gets a chunk of its own size.
      const exact = Buffer.byteLength(buffer.text);
      if (buffer.used + exact > buffer.bytes.length) {
        const grown = Buffer.allocUnsafeSlow(buffer.used + exact);
        buffer.bytes.copy(grown, 0, 0, buffer.used);
        buffer.bytes = grown;
      }
    }
    buffer.used += buffer.bytes.write(buffer.text, buffer.used);
    buffer.text = '';
    if (buffer.used >= CHUNK_BYTES - TEXT_LENGTH_MAX * 2) this.#ship(table, buffer);
  }

  #ship(table: StagingTableName, buffer: TableBuffer): void {
    const bytes = new Uint8Array(buffer.bytes.buffer, 0, buffer.used);
    const { rows } = buffer;
    buffer.bytes = this.#buffers.take();
    buffer.used = 0;
    buffer.rows = 0;
    this.#emit({ table, rows, bytes });
  }
}
