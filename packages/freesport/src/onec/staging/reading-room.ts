/** How far a reading may be ahead in one part or, where it is of one piece, in all: enough to keep both cores busy, little enough for flat memory. */
export const AHEAD_BYTES_MAX = 1024 * 1024;

/** More than all parts of a reading may be ahead together, or they would wait for each other. */
const ALL_AHEAD_BYTES_MAX = 4 * AHEAD_BYTES_MAX;

/**
 * Counts what a reading has handed out and nobody has taken yet, by table, so that it waits instead of running away.
 *
 * @example
 * const room = new ReadingRoom();
 * room.handOut('offers', 1_000_000);
 * room.take('offers', 1_000_000);
 */
export class ReadingRoom {
  readonly #ahead = new Map<string, number>();
  #wake: (() => void) | undefined;

  handOut(table: string, bytes: number): void {
    this.#ahead.set(table, this.ahead(table) + bytes);
  }

  take(table: string, bytes: number): void {
    this.handOut(table, -bytes);
    this.#wake?.();
  }

  /** Bytes of a table, or of all, that are not taken yet. */
  ahead(table?: string): number {
    if (table !== undefined) return this.#ahead.get(table) ?? 0;
    let sum = 0;
    for (const bytes of this.#ahead.values()) sum += bytes;
    return sum;
  }

  /** Resolves when there is room for more of a table, or of anything. */
  async for(table?: string): Promise<void> {
    while (this.#isFull(table)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** A table is full by itself, so that the others can go on; and all are where they are more than a few tables' worth. */
  #isFull(table: string | undefined): boolean {
    if (table === undefined) return this.ahead() >= AHEAD_BYTES_MAX;
    return this.ahead(table) >= AHEAD_BYTES_MAX || this.ahead() >= ALL_AHEAD_BYTES_MAX;
  }
}
