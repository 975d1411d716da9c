import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isCutByServer, suffixedName } from '../../src/postgres/database-name.ts';

describe('a suffixed name of a database', () => {
  it('keeps a name that has room', () => {
    assert.equal(suffixedName('shop', '_return_ab12'), 'shop_return_ab12');
  });

  for (const letter of ['x', 'ж', '店', '🛒'])
    it(`keeps the suffix whole and no half of a letter: ${letter}`, () => {
      for (let length = 1; length <= 63; length += 1) {
        const name = suffixedName(letter.repeat(length), '_retired_ab12');
        assert.ok(name.endsWith('_retired_ab12'));
        assert.equal(isCutByServer(name), false);
        assert.equal(name.includes('\uFFFD'), false);
        assert.match(name, new RegExp(`^(${letter})+_retired_ab12$`, 'u'));
      }
    });
});
