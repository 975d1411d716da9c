import { type KeyedTable, type StagedKeys, SUSPECTS_MAX } from './exchange-summary.ts';
import { RepeatedKeys } from './repeated-keys.ts';

/**
 * Counts the rows of the tables that should hold each key once, and tells which keys may be there twice, as long as
 * there are not too many of them.
 *
 * @example
 * const keys = new StagedKeyCounts((table, key) => writer.addRow('suspects', [table, key]));
 * keys.add('offers', 'good#characteristic');
 */
export class StagedKeyCounts {
  readonly #onSuspect: (table: KeyedTable, key: string) => void;
  readonly #tables = { offers: { rows: 0, suspects: 0 }, figures: { rows: 0, suspects: 0 } };
  /** Made when they are needed: 2 MiB each. */
  readonly #filters: Partial<Record<KeyedTable, RepeatedKeys>> = {};

  constructor(onSuspect: (table: KeyedTable, key: string) => void) {
    this.#onSuspect = onSuspect;
  }

  add(table: KeyedTable, key: string): void {
    const counted = this.#tables[table];
    counted.rows += 1;
    this.#filters[table] ??= new RepeatedKeys();
    if (!this.#filters[table].suspects(key)) return;
    counted.suspects += 1;
    if (counted.suspects <= SUSPECTS_MAX) this.#onSuspect(table, key);
  }

  get counts(): Readonly<Record<KeyedTable, StagedKeys>> {
    return this.#tables;
  }
}
