import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noItems, ReusedList, withItem } from '../../src/document/item-lists.ts';

describe('lists of an item', () => {
  it('are its own from the first item on, and cannot be changed before', () => {
    const one = withItem(noItems<string>(), 'a');
    const other = withItem(noItems<string>(), 'b');
    assert.deepEqual(withItem(one, 'c'), ['a', 'c']);
    assert.deepEqual(other, ['b']);
    assert.throws(() => (noItems() as unknown[]).push(1), TypeError);
  });

  it('are forgotten when they are cleared', () => {
    const list = new ReusedList<string>();
    list.push('a');
    list.push('b');
    list.clear();
    list.push('c');
    assert.deepEqual([list.length, list.at(0)], [1, 'c']);
  });
});
