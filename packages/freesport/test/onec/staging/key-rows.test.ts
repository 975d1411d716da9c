import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeyPartRows, KeyRows } from '../../../src/onec/staging/key-rows.ts';
import { NO_PRICES, NO_RESTS } from '../../../src/onec/staging/staging-schema.ts';

describe('KeyRows', () => {
  it('makes one row of an offer and the figures that come with it', () => {
    const rows: string[] = [];
    const keys = new KeyRows((table, row) => rows.push(`${table}: ${row}`));
    keys.prices('a', 'prices of a');
    keys.offer('a', 'offer a');
    keys.rests('a', 'rests of a');
    keys.offer('b', 'offer b');
    keys.rests('c', 'rests of c');
    keys.flush();
    assert.deepEqual(rows, [
      'offers: offer a\tprices of a\trests of a\n',
      `offers: offer b\t${NO_PRICES}\t${NO_RESTS}\n`,
      `figures: c\t${NO_PRICES}\trests of c\n`,
    ]);
  });

  it('keeps what comes twice apart and suspects it', () => {
    const rows: string[] = [];
    const keys = new KeyRows((table, row) => rows.push(`${table}: ${row}`));
    keys.prices('a', 'first');
    keys.prices('a', 'second');
    keys.flush();
    assert.deepEqual(rows, [
      `figures: a\tfirst\t${NO_RESTS}\n`,
      'suspects: figures\ta\n',
      `figures: a\tsecond\t${NO_RESTS}\n`,
    ]);
    assert.deepEqual(keys.counts.figures, { rows: 2, suspects: 1 });
  });
});

describe('KeyPartRows', () => {
  it('hands out its part and stages what else comes', () => {
    const rows: string[] = [];
    const keys = new KeyPartRows({
      part: 'price_parts',
      add: (table, row) => rows.push(`${table}: ${row}`),
      addPart: (part, row) => rows.push(`${part}: ${row}`),
    });
    keys.prices('a', 'prices of a');
    keys.offer('b', 'offer b');
    keys.rests('b', 'rests of b');
    keys.flush();
    assert.deepEqual(rows, ['price_parts: a\tprices of a\n', `offers: offer b\t${NO_PRICES}\trests of b\n`]);
  });
});
