import { type KeyedTable, type StagedKeys, SUSPECTS_MAX } from './exchange-summary.ts';
import { RepeatedKeys } from './repeated-keys.ts';

/**
 * Counts the rows of the tables that should hold each key once, and names the keys that may be there twice.
 *
 * @example
 * const keys = new StagedKeyCounts((table, id) => console.log(`${id} again in ${table}?`));
 * keys.add('offers', 'good#characteristic');
 */
export class StagedKeyCounts {
  readonly #suspected: (table: KeyedTable, id: string) => void;
  readonly #tables = { offers: counter(), prices: counter(), rests: counter() };

  constructor(suspected: (table: KeyedTable, id: string) => void) {
    this.#suspected = suspected;
  }

  add(table: KeyedTable, id: string): void {
    const keys = this.#tables[table];
    keys.rows += 1;
    if (!keys.filter.suspects(id)) return;
    keys.suspects += 1;
    if (keys.suspects <= SUSPECTS_MAX) this.#suspected(table, id);
  }

  get counts(): Readonly<Record<KeyedTable, StagedKeys>> {
    const { offers, prices, rests } = this.#tables;
    const counted = ({ rows, suspects }: StagedKeys): StagedKeys => ({ rows, suspects });
    return { offers: counted(offers), prices: counted(prices), rests: counted(rests) };
  }
}

function counter(): { rows: number; suspects: number; readonly filter: RepeatedKeys } {
  return { rows: 0, suspects: 0, filter: new RepeatedKeys() };
}
