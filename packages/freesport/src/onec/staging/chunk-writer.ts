import type { ChunkBuffers } from './chunk-buffers.ts';
import { type CopyValue, copyRowBytesMax, writeCopyRow } from './copy-text.ts';
import type { PartTable, StagingTableName } from './staging-schema.ts';

/** COPY text of some rows of one staging table, ready to be sent, or of a part of one. */
export interface StagingChunk<Table = StagingTableName | PartTable> {
  readonly table: Table;
  readonly rows: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A chunk with less room than this is handed out: nearly every row fits. */
const ROOM_BYTES_MIN = 64 * 1024;

interface TableBuffer {
  rows: number;
  bytes: Buffer<ArrayBuffer>;
  used: number;
}

/**
 * Gathers rows of staging tables into chunks and hands each full one to `emit`. Memory: one chunk a table in use.
 *
 * @example
 * const writer = new ChunkWriter(new ChunkBuffers(), (chunk) => queue.push(chunk));
 * writer.addRow('rest_extra', [1, 'id', 'warehouse', 3]);
 * writer.flush();
 */
export class ChunkWriter<Table extends string = StagingTableName | PartTable> {
  readonly #emit: (chunk: StagingChunk<Table>) => void;
  readonly #buffers: ChunkBuffers;
  /** A chunk is handed out when it is as full as this. */
  readonly #shipBytes: number;
  readonly #tables = new Map<Table, TableBuffer>();

  constructor(buffers: ChunkBuffers, emit: (chunk: StagingChunk<Table>) => void) {
    this.#buffers = buffers;
    this.#emit = emit;
    this.#shipBytes = buffers.bytes - ROOM_BYTES_MIN;
  }

  /** Adds one row; the values are not kept. Not to be mixed with `addBytes` within a row. */
  addRow(table: Table, values: readonly CopyValue[]): void {
    const buffer = this.#bufferOf(table);
    this.#makeRoom(buffer, copyRowBytesMax(values));
    buffer.used = writeCopyRow(buffer.bytes, buffer.used, values);
    this.#endRow(table, buffer);
  }

  /** Adds a piece of a row, which `endRow` completes. */
  addBytes(table: Table, source: Buffer, start = 0, end = source.length): void {
    const buffer = this.#bufferOf(table);
    const length = end - start;
    this.#makeRoom(buffer, length);
    source.copy(buffer.bytes, buffer.used, start, end);
    buffer.used += length;
  }

  /** Ends a row whose pieces, the line end with them, are added. */
  endRow(table: Table): void {
    this.#endRow(table, this.#bufferOf(table));
  }

  /** Hands out whatever is gathered, of one table or of all. */
  flush(only?: Table): void {
    for (const [table, buffer] of this.#tables) {
      if (buffer.used > 0 && (only === undefined || table === only)) this.#ship(table, buffer);
    }
  }

  #bufferOf(table: Table): TableBuffer {
    let buffer = this.#tables.get(table);
    if (buffer === undefined) {
      buffer = { rows: 0, bytes: this.#buffers.take(), used: 0 };
      this.#tables.set(table, buffer);
    }
    return buffer;
  }

  #endRow(table: Table, buffer: TableBuffer): void {
    buffer.rows += 1;
    if (buffer.used >= this.#shipBytes) this.#ship(table, buffer);
  }

  /** A row may be longer than a chunk (a description of megabytes): it gets a chunk of its own size. */
  #makeRoom(buffer: TableBuffer, bytes: number): void {
    if (buffer.used + bytes <= buffer.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(buffer.used + bytes);
    buffer.bytes.copy(grown, 0, 0, buffer.used);
    buffer.bytes = grown;
  }

  #ship(table: Table, buffer: TableBuffer): void {
    const bytes = new Uint8Array(buffer.bytes.buffer, 0, buffer.used);
    const { rows } = buffer;
    buffer.bytes = this.#buffers.take();
    buffer.used = 0;
    buffer.rows = 0;
    this.#emit({ table, rows, bytes });
  }
}
