import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ShopError } from '../src/errors.ts';
import { fromKopecks, toKopecks } from '../src/money.ts';

describe('money', () => {
  it('goes there and back for every amount', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        (kopecks) => toKopecks(fromKopecks(kopecks)) === kopecks,
      ),
    );
    assert.equal(toKopecks('3037.5'), 303750n);
    assert.equal(toKopecks('7'), 700n);
  });

  it('refuses what is not an amount', () => {
    for (const text of ['', '-1', '1.234', '1,5', '1e3', 'NaN'])
      assert.throws(() => toKopecks(text), ShopError, text);
  });
});
