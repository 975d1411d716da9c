import type { CopyValue } from './copy-text.ts';
import type { KeyedTable, StagedKeys } from './exchange-summary.ts';
import { StagedKeyCounts } from './staged-keys.ts';
import { NO_PRICES, NO_RESTS, type PartTable, type StagingTableName } from './staging-schema.ts';

/** A row whose first column is the key of an offer. */
export type KeyRow = readonly [key: string, ...columns: CopyValue[]];

/** Where what is said of keys goes. A row is used again by whoever gives it: it is written or copied, and not kept. */
export interface KeyParts {
  /** A row of `offers` up to its figures. */
  readonly offer: (row: KeyRow) => void;
  /** The key, `price_ord` and the prices. */
  readonly prices: (row: KeyRow) => void;
  /** The key, `rest_ord`, the total and the figures of warehouses. */
  readonly rests: (row: KeyRow) => void;
  /** Hands out what is gathered of the last key. */
  readonly flush: () => void;
}

/** Receives a row, which is used again. */
export type AddRow<Table = StagingTableName> = (table: Table, row: readonly CopyValue[]) => void;

/**
 * Makes one staged row a key of what follows each other in one stream: the offers of 2.04 have their prices and rests with
 * them. What is alone stays alone, and the merge finds its offer.
 *
 * @example
 * const rows = new KeyRows((table, row) => writer.addRow(table, row));
 * rows.offer(['good#char', 1, 'good', …]);
 * rows.prices(['good#char', 2, '990.00', …]);
 * rows.flush();
 */
export class KeyRows implements KeyParts {
  readonly #add: AddRow;
  readonly #keys: StagedKeyCounts;
  #key = '';
  #offer: KeyRow | undefined;
  #prices: readonly CopyValue[] | undefined;
  #rests: readonly CopyValue[] | undefined;

  constructor(add: AddRow, keys = new StagedKeyCounts((table, key) => add('suspects', [table, key]))) {
    this.#add = add;
    this.#keys = keys;
  }

  /** Rows staged a table, and how many of their keys are suspected of being there twice. */
  get counts(): Readonly<Record<KeyedTable, StagedKeys>> {
    return this.#keys.counts;
  }

  offer(row: KeyRow): void {
    this.#turnTo(row[0], this.#offer);
    this.#offer = [...row];
  }

  prices(row: KeyRow): void {
    this.#turnTo(row[0], this.#prices);
    this.#prices = row.slice(1);
  }

  rests(row: KeyRow): void {
    this.#turnTo(row[0], this.#rests);
    this.#rests = row.slice(1);
  }

  /** Writes what is gathered of the last key. */
  flush(): void {
    const figures = [...(this.#prices ?? NO_PRICES), ...(this.#rests ?? NO_RESTS)];
    if (this.#offer !== undefined) this.#write('offers', [...this.#offer, ...figures]);
    else if (this.#prices !== undefined || this.#rests !== undefined) {
      this.#write('figures', [this.#key, ...figures]);
    }
    this.#offer = undefined;
    this.#prices = undefined;
    this.#rests = undefined;
  }

  #turnTo(key: string, there: readonly CopyValue[] | undefined): void {
    if (key === this.#key && there === undefined) return;
    this.flush();
    this.#key = key;
  }

  #write(table: KeyedTable, row: readonly CopyValue[]): void {
    this.#keys.add(table, this.#key);
    this.#add(table, row);
  }
}

export interface KeyPartRowsOptions {
  readonly part: PartTable;
  readonly add: AddRow;
  readonly addPart: AddRow<PartTable>;
}

/**
 * Hands out one part of keys as it comes, for a `PartMerge`: of the stream whose files are for that part. What else such files say
 * (an offer among prices) is staged as by `KeyRows`: whoever merges waits for parts from where they belong.
 *
 * @example const parts = new KeyPartRows({ part: 'price_parts', add, addPart: (part, row) => writer.addRow(part, row) });
 */
export class KeyPartRows implements KeyParts {
  readonly #part: PartTable;
  readonly #addPart: AddRow<PartTable>;
  readonly #keys: StagedKeyCounts;
  readonly #rows: KeyRows;

  constructor({ part, add, addPart }: KeyPartRowsOptions) {
    this.#part = part;
    this.#addPart = addPart;
    this.#keys = new StagedKeyCounts((table, key) => add('suspects', [table, key]));
    this.#rows = new KeyRows(add, this.#keys);
  }

  get counts(): Readonly<Record<KeyedTable, StagedKeys>> {
    return this.#keys.counts;
  }

  offer(row: KeyRow): void {
    if (this.#part !== 'offer_parts') {
      this.#rows.offer(row);
      return;
    }
    this.#keys.add('offers', row[0]);
    this.#addPart('offer_parts', row);
  }

  prices(row: KeyRow): void {
    if (this.#part === 'price_parts') this.#addPart('price_parts', row);
    else this.#rows.prices(row);
  }

  rests(row: KeyRow): void {
    if (this.#part === 'rest_parts') this.#addPart('rest_parts', row);
    else this.#rows.rests(row);
  }

  flush(): void {
    this.#rows.flush();
  }
}
