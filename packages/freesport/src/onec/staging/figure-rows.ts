import type { CopyValue } from './copy-text.ts';
import type { KeyParts, KeyRow } from './key-rows.ts';
import { NO_PRICES, NO_RESTS } from './staging-schema.ts';

/** Columns of both rows, after the key; then come the prices, or the total and the figures of warehouses. */
const ORD = 1;
const FIRST_PRICE = 2;
const TOTAL = 2;
const FIRST_QUANTITY = 3;

/** The most that the catalogue holds of a stock (int4). */
export const STOCK_MAX = 2_147_483_647;

/**
 * Makes one row of the prices that follow each other for a key, and one of its rests. The rows are filled again and again: three
 * million arrays would be garbage. `ord` is the number of the record that is being read.
 *
 * @example
 * const rows = new FigureRows(parts);
 * rows.turnToPrices('good#char', 7);
 * rows.setPrice(0, '990.00');
 * rows.flush(8);
 */
export class FigureRows {
  readonly #prices: GatheredRow;
  readonly #rests: GatheredRow;

  constructor(parts: Pick<KeyParts, 'prices' | 'rests'>) {
    this.#prices = new GatheredRow(NO_PRICES, (row) => parts.prices(row));
    this.#rests = new GatheredRow(NO_RESTS, (row) => parts.rests(row));
  }

  /** Says whose prices follow. Returns whether it is another key than before. */
  turnToPrices(key: string, ord: number): boolean {
    return this.#prices.turnTo(key, false, ord);
  }

  setPrice(column: number, amount: string): void {
    this.#prices.columns[FIRST_PRICE + column] = amount;
  }

  /** Says whose rests follow; `anew` where they replace those before even if the key is the same. Returns whether a row begins. */
  turnToRests(key: string, anew: boolean, ord: number): boolean {
    return this.#rests.turnTo(key, anew, ord);
  }

  /** Adds to the figure of a warehouse, or to the total where no column is given. */
  addStock(column: number | undefined, quantity: number): void {
    const at = column === undefined ? TOTAL : FIRST_QUANTITY + column;
    const before = this.#rests.columns[at];
    this.#rests.columns[at] = Math.min(STOCK_MAX, (typeof before === 'number' ? before : 0) + quantity);
  }

  /** Hands out what is gathered. */
  flush(ord: number): void {
    this.#prices.flush(ord);
    this.#rests.flush(ord);
  }
}

/** The row of one key after the other. */
class GatheredRow {
  readonly columns: [string, ...CopyValue[]];
  readonly #handOut: (row: KeyRow) => void;
  #key: string | undefined;

  constructor(none: readonly null[], handOut: (row: KeyRow) => void) {
    this.columns = ['', ...none];
    this.#handOut = handOut;
  }

  turnTo(key: string, anew: boolean, ord: number): boolean {
    if (!anew && key === this.#key) return false;
    this.flush(ord);
    this.#key = key;
    return true;
  }

  flush(ord: number): void {
    const { columns } = this;
    if (this.#key === undefined) return;
    columns[0] = this.#key;
    columns[ORD] = ord;
    this.#key = undefined;
    this.#handOut(columns);
    columns.fill(null, ORD);
  }
}
