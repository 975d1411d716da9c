import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ChunkBuffers } from '../../../src/onec/staging/chunk-buffers.ts';
import { ChunkWriter } from '../../../src/onec/staging/chunk-writer.ts';
import { PartMerge, type PartMergeLimits } from '../../../src/onec/staging/part-merge.ts';
import {
  PART_TABLES,
  type PartTable,
  NO_PRICES as PRICES,
  NO_RESTS as RESTS,
  type StagingTableName,
} from '../../../src/onec/staging/staging-schema.ts';

const NO_PRICES = PRICES.map(() => '\\N').join('\t');
const NO_RESTS = RESTS.map(() => '\\N').join('\t');

const TIGHT: PartMergeLimits = { lookAheadRows: 3, missesMax: 4 };

/** Merges rows of keys, one chunk a list, in the order in which the lists come. */
function merged(
  chunks: readonly (readonly [part: PartTable, keys: readonly string[]])[],
  options: { readonly expected?: readonly PartTable[]; readonly limits?: PartMergeLimits } = {},
): { readonly rows: Record<string, string[]>; readonly taken: number; readonly suspects: number } {
  const rows: Record<string, string[]> = { offers: [], figures: [], suspects: [] };
  const writer = new ChunkWriter<StagingTableName>(new ChunkBuffers(), ({ table, bytes }) => {
    rows[table]?.push(...Buffer.from(bytes).toString().trimEnd().split('\n'));
  });
  const merge = new PartMerge({ writer, expected: options.expected ?? PART_TABLES, limits: options.limits });
  let taken = 0;
  for (const [part, keys] of chunks) {
    const text = keys.map((key) => `${key}\t${part}\n`).join('');
    merge.add({ table: part, rows: keys.length, bytes: new Uint8Array(Buffer.from(text)) }, () => {
      taken += 1;
    });
  }
  for (const part of ['rest_parts', 'price_parts', 'offer_parts'] as const) merge.end(part);
  writer.flush();
  return { rows, taken, suspects: merge.counts.figures.suspects };
}

const whole = (key: string): string => `${key}\toffer_parts\tprice_parts\trest_parts`;

describe('PartMerge', () => {
  it('makes one row of three, wherever the chunks end', () => {
    const { rows, taken } = merged([
      ['offer_parts', ['a', 'b']],
      ['rest_parts', ['a']],
      ['price_parts', ['a', 'b', 'c']],
      ['rest_parts', ['b', 'c']],
      ['offer_parts', ['c']],
    ]);
    assert.deepEqual(rows.offers, [whole('a'), whole('b'), whole('c')]);
    assert.deepEqual(rows.figures, []);
    assert.equal(taken, 5);
  });

  it('passes over figures without an offer and keeps them together', () => {
    const { rows, suspects } = merged([
      ['price_parts', ['a', 'good', 'b']],
      ['rest_parts', ['a', 'good', 'b', 'last']],
      ['offer_parts', ['a', 'b']],
    ]);
    assert.deepEqual(rows.offers, [whole('a'), whole('b')]);
    assert.deepEqual(rows.figures, ['good\tprice_parts\trest_parts', `last\t${NO_PRICES}\trest_parts`]);
    assert.equal(suspects, 0);
  });

  it('writes an offer alone whose figures are too far away', () => {
    const { rows } = merged(
      [
        ['price_parts', ['1', '2', '3', 'a']],
        ['rest_parts', ['a']],
        ['offer_parts', ['a', '1']],
      ],
      { limits: TIGHT },
    );
    assert.deepEqual(rows.offers, [
      `a\toffer_parts\t${NO_PRICES}\trest_parts`,
      `1\toffer_parts\tprice_parts\t${NO_RESTS}`,
    ]);
    assert.deepEqual(
      rows.figures,
      ['2', '3', 'a'].map((key) => `${key}\tprice_parts\t${NO_RESTS}`),
    );
  });

  it('stops looking where the files are in different orders', () => {
    const keys = Array.from({ length: 30 }, (_, index) => String(index));
    const { rows } = merged(
      [
        ['price_parts', keys.toReversed()],
        ['rest_parts', keys],
        ['offer_parts', keys],
      ],
      { limits: TIGHT },
    );
    assert.equal(rows.offers?.length, 30);
    assert.equal(rows.figures?.length, 30);
  });

  it('puts prices and rests together where no offers will come', () => {
    const { rows, taken, suspects } = merged(
      [
        ['price_parts', ['a', 'b']],
        ['rest_parts', ['only', 'b', 'c']],
      ],
      { expected: ['price_parts', 'rest_parts'] },
    );
    assert.deepEqual(rows.figures, [
      `a\tprice_parts\t${NO_RESTS}`,
      `only\t${NO_PRICES}\trest_parts`,
      'b\tprice_parts\trest_parts',
      `c\t${NO_PRICES}\trest_parts`,
    ]);
    assert.deepEqual([taken, suspects], [2, 0]);
  });

  it('waits for no part that cannot come', () => {
    const writer = new ChunkWriter<StagingTableName>(new ChunkBuffers(), () => undefined);
    const merge = new PartMerge({ writer, expected: ['price_parts'] });
    let taken = false;
    const bytes = new Uint8Array(Buffer.from('a\t1\n'));
    merge.add({ table: 'price_parts', rows: 1, bytes }, () => {
      taken = true;
    });
    assert.equal(taken, true);
  });

  it('tells keys apart of which one begins with the other', () => {
    const { rows } = merged([
      ['price_parts', ['good#1']],
      ['rest_parts', ['good']],
      ['offer_parts', ['good', 'good#1']],
    ]);
    assert.deepEqual(rows.offers, [
      `good\toffer_parts\t${NO_PRICES}\trest_parts`,
      `good#1\toffer_parts\tprice_parts\t${NO_RESTS}`,
    ]);
  });

  it('suspects keys whose figures come twice without an offer', () => {
    assert.equal(merged([['price_parts', ['x', 'x']]]).suspects, 1);
  });

  it('loses no row and makes none up, whatever comes in whatever order', () => {
    const part = fc.constantFrom<PartTable>('offer_parts', 'price_parts', 'rest_parts');
    const chunk = fc.tuple(part, fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'ж'), { maxLength: 6 }));
    const limits = fc.record({
      lookAheadRows: fc.integer({ min: 1, max: 4 }),
      missesMax: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 12 }), limits, (chunks, tight) => {
        const { rows, taken } = merged(chunks, { limits: tight });
        assert.equal(taken, chunks.length);
        for (const name of ['offer_parts', 'price_parts', 'rest_parts']) {
          const given = chunks.filter(([of]) => of === name).flatMap(([, keys]) => keys);
          const staged = [...(rows.offers ?? []), ...(rows.figures ?? [])].filter((row) =>
            row.includes(name),
          );
          assert.deepEqual(staged.map((row) => row.split('\t')[0]).sort(), given.toSorted());
        }
      }),
    );
  });
});
