import assert from 'node:assert/strict';
import { it } from 'node:test';
import { orderNumber } from '../../src/orders/order-number.ts';

it('gives one buyer and key one number, and everything else another', () => {
  const number = orderNumber({ buyer: 'user:1', idempotencyKey: 'k' });
  assert.equal(orderNumber({ buyer: 'user:1', idempotencyKey: 'k' }), number);
  assert.notEqual(orderNumber({ buyer: 'user:2', idempotencyKey: 'k' }), number);
  assert.notEqual(orderNumber({ buyer: 'user:1' }), orderNumber({ buyer: 'user:1' }));
  assert.match(number, /^FS-[0-9A-HJKMNP-TV-Z]{16}$/);
});
