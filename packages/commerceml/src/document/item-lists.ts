/**
 * A list that is filled and emptied for every item of a file. It keeps its memory: an array whose length is set to 0 gives it
 * back, and takes room for seventeen elements with the next one.
 *
 * @example
 * const values = new ReusedList<string>();
 * values.push('a');
 * for (let i = 0; i < values.length; i += 1) values.at(i);
 * values.clear();
 */
export class ReusedList<T> {
  readonly #items: T[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    this.#items[this.#length] = item;
    this.#length += 1;
  }

  /** @param index below `length`. */
  at(index: number): T {
    return this.#items[index] as T;
  }

  clear(): void {
    this.#length = 0;
  }
}

/** The list of an item that has none of a kind, handed out with its record; frozen, because millions of records share it. */
const NONE: never[] = [];
Object.freeze(NONE);

/** An empty list, to be added to by `withItem` only. */
export function noItems<T>(): readonly T[] {
  return NONE;
}

/** The list with one more item. Until the first one it is shared, afterwards it is the item's own. */
export function withItem<T>(list: readonly T[], item: T): readonly T[] {
  if (list === NONE) return [item];
  (list as T[]).push(item);
  return list;
}
