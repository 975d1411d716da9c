import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ColumnNumbers } from '../../../src/onec/staging/column-numbers.ts';

describe('ColumnNumbers', () => {
  it('gives numbers in the order of asking until they are used up', () => {
    const columns = new ColumnNumbers(2);
    assert.deepEqual(
      ['a', 'b', 'a', 'c'].map((id) => columns.of(id)),
      [0, 1, 0, undefined],
    );
    assert.deepEqual([...columns.ids], ['a', 'b', 'c']);
  });

  it('gives none but those of a fixed list, so that two readings agree', () => {
    const columns = new ColumnNumbers(2, ['x', 'y', 'z']);
    assert.deepEqual(
      ['z', 'y', 'new'].map((id) => columns.of(id)),
      [undefined, 1, undefined],
    );
  });
});
