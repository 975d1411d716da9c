import { type KeyedTable, type StagedKeys, SUSPECTS_MAX } from './exchange-summary.ts';
import type { AddRow } from './key-rows.ts';
import { RepeatedKeys } from './repeated-keys.ts';

/**
 * Counts the rows of the tables that should hold each key once, and stages the keys that may be there twice in `suspects`. Keys are
 * COPY text.
 *
 * @example
 * const keys = new StagedKeyCounts((table, row) => writer.add(table, row));
 * keys.add('offers', 'good#characteristic');
 */
export class StagedKeyCounts {
  readonly #add: AddRow;
  readonly #tables = { offers: { rows: 0, suspects: 0 }, figures: { rows: 0, suspects: 0 } };
  /** Made when they are needed: 2 MiB each. */
  readonly #filters: Partial<Record<KeyedTable, RepeatedKeys>> = {};

  constructor(add: AddRow) {
    this.#add = add;
  }

  add(table: KeyedTable, key: string): void {
    const counted = this.#tables[table];
    counted.rows += 1;
    this.#filters[table] ??= new RepeatedKeys();
    if (!this.#filters[table].suspects(key)) return;
    counted.suspects += 1;
    if (counted.suspects <= SUSPECTS_MAX) this.#add('suspects', `${table}\t${key}\n`);
  }

  get counts(): Readonly<Record<KeyedTable, StagedKeys>> {
    return this.#tables;
  }
}
