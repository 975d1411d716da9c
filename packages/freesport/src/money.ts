import { ShopError } from './errors.ts';

/**
 * An exact decimal with at most two places as whole kopecks; a float would lose one now and then.
 *
 * @throws ShopError `invalid` for anything else.
 * @example
 * toKopecks('3037.50'); // 303750n
 */
export function toKopecks(amount: string): bigint {
  const match = /^(\d+)(?:\.(\d{1,2}))?$/.exec(amount);
  if (match === null)
    throw new ShopError('invalid', `"${amount}" is not an amount with at most two decimal places`);
  return BigInt(match[1] ?? '0') * 100n + BigInt((match[2] ?? '').padEnd(2, '0'));
}

/**
 * The reverse.
 *
 * @example
 * fromKopecks(303750n); // '3037.50'
 */
export function fromKopecks(kopecks: bigint): string {
  return `${kopecks / 100n}.${(kopecks % 100n).toString().padStart(2, '0')}`;
}
