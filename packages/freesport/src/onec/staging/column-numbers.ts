/**
 * Gives ids (of price types, of warehouses) a column of a staging row. Numbers are given in the order of asking until
 * the columns are used up; with a fixed list, by the place in it, and to no others. What has no column goes to a table
 * of extras under its id.
 *
 * @example
 * const columns = new ColumnNumbers(2);
 * columns.of('a'); // 0
 */
export class ColumnNumbers {
  readonly #columnsMax: number;
  readonly #fixed: boolean;
  readonly #columns = new Map<string, number | undefined>();
  #used = 0;

  constructor(columnsMax: number, fixed?: readonly string[] | undefined) {
    this.#columnsMax = columnsMax;
    this.#fixed = fixed !== undefined;
    for (const id of fixed ?? []) this.#give(id);
  }

  /** Ids that were asked for or fixed, in order. */
  get ids(): Iterable<string> {
    return this.#columns.keys();
  }

  /** The column of an id, or undefined where it has none. */
  of(id: string): number | undefined {
    if (!this.#columns.has(id)) {
      if (this.#fixed) this.#columns.set(id, undefined);
      else this.#give(id);
    }
    return this.#columns.get(id);
  }

  #give(id: string): void {
    if (this.#columns.has(id)) return;
    this.#columns.set(id, this.#used < this.#columnsMax ? this.#used : undefined);
    this.#used += 1;
  }
}
