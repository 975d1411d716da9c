import type { StagingChunk } from './chunk-writer.ts';

const LINE_END = 0x0a;
const TAB = 0x09;

interface Piece {
  readonly bytes: Buffer;
  /** Where each row begins, and where the last one ends. */
  readonly starts: readonly number[];
  readonly taken: () => void;
}

/**
 * Rows of one part of what is staged, as chunks of COPY text whose first column is the key; a queue that can be looked into. No
 * row becomes a string: a million of each part would be garbage three times over.
 */
export class PartRows {
  readonly #pieces: Piece[] = [];
  #row = 0;
  #waiting = 0;
  #heldBytes = 0;
  /** No more rows will come. */
  ended = false;
  /** Keys in a row that were looked for in vain. */
  misses = 0;

  // Where `at` and `first` point to.
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;

  /** Bytes of the chunks of which rows wait. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Rows that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** `taken` is called when the last row of the chunk is used. */
  add({ bytes: chunk }: StagingChunk, taken: () => void): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const starts = [0];
    for (let end = bytes.indexOf(LINE_END); end !== -1; end = bytes.indexOf(LINE_END, end + 1)) {
      starts.push(end + 1);
    }
    if (starts.length === 1) {
      taken();
      return;
    }
    this.#pieces.push({ bytes, starts, taken });
    this.#waiting += starts.length - 1;
    this.#heldBytes += bytes.length;
  }

  /** Points `bytes`, `start` and `end` (past the line end) to the row that is `ahead` of the first one. */
  at(ahead: number): void {
    let row = this.#row + ahead;
    for (const { bytes, starts } of this.#pieces) {
      const rows = starts.length - 1;
      if (row < rows) {
        this.bytes = bytes;
        this.start = starts[row] ?? 0;
        this.end = starts[row + 1] ?? 0;
        return;
      }
      row -= rows;
    }
    throw new RangeError(`${ahead} rows ahead of ${this.#waiting} that wait`);
  }

  /** Drops the first row. */
  next(): void {
    const [piece] = this.#pieces;
    if (piece === undefined) return;
    this.#row += 1;
    this.#waiting -= 1;
    if (this.#row < piece.starts.length - 1) return;
    this.#pieces.shift();
    this.#row = 0;
    this.#heldBytes -= piece.bytes.length;
    piece.taken();
  }

  /** The end of the key of the row pointed to: the place of the tab. */
  keyEnd(): number {
    return this.bytes.indexOf(TAB, this.start);
  }

  /** Whether the rows that two queues point to have the same key. */
  hasKeyOf(other: PartRows): boolean {
    const mine = this.bytes;
    const theirs = other.bytes;
    for (let at = this.start, to = other.start; ; at += 1, to += 1) {
      const byte = mine[at];
      if (byte !== theirs[to]) return false;
      if (byte === TAB) return true;
    }
  }
}
