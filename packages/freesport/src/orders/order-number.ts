import { createHash, randomUUID } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 16;

/**
 * The number of an order: 80 bits that nobody guesses. With an idempotency key it is derived from buyer and key, so the
 * unique `orders.order_number` itself keeps a repeated request from ordering twice — also across a switch of
 * databases, where a table of its own would be left behind.
 *
 * @example
 * orderNumber({ buyer: 'user:1', idempotencyKey: '5f1c…' }); // 'FS-9QX3…', the same every time
 */
export function orderNumber(source: {
  readonly buyer: string;
  readonly idempotencyKey?: string | undefined;
}): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([source.buyer, source.idempotencyKey ?? randomUUID()]))
    .digest();
  let text = '';
  for (const byte of digest.subarray(0, LENGTH)) text += ALPHABET[byte & 31];
  return `FS-${text}`;
}
