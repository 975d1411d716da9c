import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AddRow, KeyPartRows, KeyRows } from '../../../src/onec/staging/key-rows.ts';
import { NO_PRICES, NO_RESTS, type PartTable } from '../../../src/onec/staging/staging-schema.ts';

type Row = readonly unknown[];

describe('KeyRows', () => {
  it('makes one row of an offer and the figures that come with it', () => {
    const rows: Row[] = [];
    const keys = new KeyRows((table, row) => rows.push([table, ...row]));
    // Whoever gives a row uses it again.
    const given: [string, ...string[]] = ['a', 'prices of a'];
    keys.prices(given);
    given[1] = 'other prices';
    keys.offer(['a', 'offer a']);
    keys.rests(['a', 'rests of a']);
    keys.offer(['b', 'offer b']);
    keys.rests(['c', 'rests of c']);
    keys.flush();
    assert.deepEqual(rows, [
      ['offers', 'a', 'offer a', 'prices of a', 'rests of a'],
      ['offers', 'b', 'offer b', ...NO_PRICES, ...NO_RESTS],
      ['figures', 'c', ...NO_PRICES, 'rests of c'],
    ]);
  });

  it('keeps what comes twice apart and suspects it', () => {
    const rows: Row[] = [];
    const keys = new KeyRows((table, row) => rows.push([table, ...row]));
    keys.prices(['a', 'first']);
    keys.prices(['a', 'second']);
    keys.flush();
    assert.deepEqual(rows, [
      ['figures', 'a', 'first', ...NO_RESTS],
      ['suspects', 'figures', 'a'],
      ['figures', 'a', 'second', ...NO_RESTS],
    ]);
    assert.deepEqual(keys.counts.figures, { rows: 2, suspects: 1 });
  });
});

describe('KeyPartRows', () => {
  it('hands out its part and stages what else comes', () => {
    const rows: Row[] = [];
    const add: AddRow = (table, row) => rows.push([table, ...row]);
    const addPart: AddRow<PartTable> = (part, row) => rows.push([part, ...row]);
    const keys = new KeyPartRows({ part: 'price_parts', add, addPart });
    keys.prices(['a', 'prices of a']);
    keys.offer(['b', 'offer b']);
    keys.rests(['b', 'rests of b']);
    keys.flush();
    assert.deepEqual(rows, [
      ['price_parts', 'a', 'prices of a'],
      ['offers', 'b', 'offer b', ...NO_PRICES, 'rests of b'],
    ]);
  });
});
