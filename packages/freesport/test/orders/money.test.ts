import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ShopError } from '../../src/errors.ts';
import { fromKopecks, toKopecks } from '../../src/orders/money.ts';
import { orderNumber } from '../../src/orders/order-number.ts';

describe('money and order numbers', () => {
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

  it('gives one buyer and key one number, and everything else another', () => {
    const number = orderNumber({ buyer: 'user:1', idempotencyKey: 'k' });
    assert.equal(orderNumber({ buyer: 'user:1', idempotencyKey: 'k' }), number);
    assert.notEqual(orderNumber({ buyer: 'user:2', idempotencyKey: 'k' }), number);
    assert.notEqual(orderNumber({ buyer: 'user:1' }), orderNumber({ buyer: 'user:1' }));
    assert.match(number, /^FS-[0-9A-HJKMNP-TV-Z]{16}$/);
  });
});
