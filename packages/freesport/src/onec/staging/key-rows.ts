import type { KeyedTable, StagedKeys } from './exchange-summary.ts';
import { StagedKeyCounts } from './staged-keys.ts';
import { NO_FIGURES, NO_PRICES, NO_RESTS, type PartTable, type StagingTableName } from './staging-schema.ts';

/** Where what is said of keys goes: columns as COPY text without the line end. The key itself is COPY text as well. */
export interface KeyParts {
  /** A row of `offers` up to its figures, the key first. */
  readonly offer: (key: string, row: string) => void;
  /** `price_ord` and the prices. */
  readonly prices: (key: string, columns: string) => void;
  /** `rest_ord`, the total and the figures of warehouses. */
  readonly rests: (key: string, columns: string) => void;
  /** Hands out what is gathered of the last key. */
  readonly flush: () => void;
}

/** Receives one line of COPY text. */
export type AddRow = (table: StagingTableName, row: string) => void;

/**
 * Makes one staged row a key of what follows each other in one stream: the offers of 2.04 have their prices and rests with
 * them. What is alone stays alone, and the merge finds its offer.
 *
 * @example
 * const rows = new KeyRows((table, row) => writer.add(table, row));
 * rows.offer('good#char', 'good#char\t1\tgood\t…');
 * rows.prices('good#char', '2\t990.00\t…');
 * rows.flush();
 */
export class KeyRows implements KeyParts {
  readonly #add: AddRow;
  readonly #keys: StagedKeyCounts;
  #key = '';
  #offer: string | undefined;
  #prices: string | undefined;
  #rests: string | undefined;

  constructor(add: AddRow, keys = new StagedKeyCounts(add)) {
    this.#add = add;
    this.#keys = keys;
  }

  /** Rows staged a table, and how many of their keys are suspected of being there twice. */
  get counts(): Readonly<Record<KeyedTable, StagedKeys>> {
    return this.#keys.counts;
  }

  offer(key: string, row: string): void {
    this.#turnTo(key, this.#offer);
    this.#offer = row;
  }

  prices(key: string, columns: string): void {
    this.#turnTo(key, this.#prices);
    this.#prices = columns;
  }

  rests(key: string, columns: string): void {
    this.#turnTo(key, this.#rests);
    this.#rests = columns;
  }

  /** Writes what is gathered of the last key. */
  flush(): void {
    const figures = `${this.#prices ?? NO_PRICES}\t${this.#rests ?? NO_RESTS}`;
    if (this.#offer !== undefined) this.#write('offers', `${this.#offer}\t${figures}\n`);
    else if (figures !== NO_FIGURES) this.#write('figures', `${this.#key}\t${figures}\n`);
    this.#offer = undefined;
    this.#prices = undefined;
    this.#rests = undefined;
  }

  #turnTo(key: string, there: string | undefined): void {
    if (key === this.#key && there === undefined) return;
    this.flush();
    this.#key = key;
  }

  #write(table: KeyedTable, row: string): void {
    this.#keys.add(table, this.#key);
    this.#add(table, row);
  }
}

export interface KeyPartRowsOptions {
  readonly part: PartTable;
  readonly add: AddRow;
  readonly addPart: (part: PartTable, row: string) => void;
}

/**
 * Hands out one part of keys as it comes, for a `PartMerge`: of the stream whose files are for that part. What else such files say
 * (an offer among prices) is staged as by `KeyRows`: whoever merges waits for parts from where they belong.
 *
 * @example const parts = new KeyPartRows({ part: 'price_parts', add, addPart: (part, row) => writer.add(part, row) });
 */
export class KeyPartRows implements KeyParts {
  readonly #part: PartTable;
  readonly #addPart: KeyPartRowsOptions['addPart'];
  readonly #keys: StagedKeyCounts;
  readonly #rows: KeyRows;

  constructor({ part, add, addPart }: KeyPartRowsOptions) {
    this.#part = part;
    this.#addPart = addPart;
    this.#keys = new StagedKeyCounts(add);
    this.#rows = new KeyRows(add, this.#keys);
  }

  get counts(): Readonly<Record<KeyedTable, StagedKeys>> {
    return this.#keys.counts;
  }

  offer(key: string, row: string): void {
    if (this.#part !== 'offer_parts') {
      this.#rows.offer(key, row);
      return;
    }
    this.#keys.add('offers', key);
    this.#addPart('offer_parts', `${row}\n`);
  }

  prices(key: string, columns: string): void {
    if (this.#part === 'price_parts') this.#addPart('price_parts', `${key}\t${columns}\n`);
    else this.#rows.prices(key, columns);
  }

  rests(key: string, columns: string): void {
    if (this.#part === 'rest_parts') this.#addPart('rest_parts', `${key}\t${columns}\n`);
    else this.#rows.rests(key, columns);
  }

  flush(): void {
    this.#rows.flush();
  }
}
