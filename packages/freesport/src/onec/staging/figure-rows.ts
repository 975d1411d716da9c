import type { CopyValue } from './copy-text.ts';
import type { KeyParts } from './key-rows.ts';
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
  readonly #parts: Pick<KeyParts, 'prices' | 'rests'>;
  #priced: string | undefined;
  readonly #prices: [string, ...CopyValue[]] = ['', ...NO_PRICES];
  #counted: string | undefined;
  readonly #rests: [string, ...CopyValue[]] = ['', ...NO_RESTS];

  constructor(parts: Pick<KeyParts, 'prices' | 'rests'>) {
    this.#parts = parts;
  }

  /** Says whose prices follow. Returns whether it is another key than before. */
  turnToPrices(key: string, ord: number): boolean {
    if (key === this.#priced) return false;
    this.#flushPrices(ord);
    this.#priced = key;
    return true;
  }

  setPrice(column: number, amount: string): void {
    this.#prices[FIRST_PRICE + column] = amount;
  }

  /** Says whose rests follow; `anew` where they replace those before even if the key is the same. Returns whether a row begins. */
  turnToRests(key: string, anew: boolean, ord: number): boolean {
    if (!anew && key === this.#counted) return false;
    this.#flushRests(ord);
    this.#counted = key;
    return true;
  }

  /** Adds to the figure of a warehouse, or to the total where no column is given. */
  addStock(column: number | undefined, quantity: number): void {
    const at = column === undefined ? TOTAL : FIRST_QUANTITY + column;
    const before = this.#rests[at];
    this.#rests[at] = Math.min(STOCK_MAX, (typeof before === 'number' ? before : 0) + quantity);
  }

  /** Hands out what is gathered. */
  flush(ord: number): void {
    this.#flushPrices(ord);
    this.#flushRests(ord);
  }

  #flushPrices(ord: number): void {
    const key = this.#priced;
    if (key === undefined) return;
    this.#priced = undefined;
    this.#prices[0] = key;
    this.#prices[ORD] = ord;
    this.#parts.prices(this.#prices);
    this.#prices.fill(null, FIRST_PRICE);
  }

  #flushRests(ord: number): void {
    const key = this.#counted;
    if (key === undefined) return;
    this.#counted = undefined;
    this.#rests[0] = key;
    this.#rests[ORD] = ord;
    this.#parts.rests(this.#rests);
    this.#rests.fill(null, TOTAL);
  }
}
