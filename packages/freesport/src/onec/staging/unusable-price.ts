import type { PriceRecord } from 'commerceml';

/** What is not below it would be rounded to more than numeric(10,2) holds. */
const PRICE_LIMIT = 99_999_999.995;

/**
 * Why the catalogue cannot take a price, or undefined where it can. Prices by quantity are none of one piece, and the shop
 * has no others; one outside numeric(10,2) CHECK (>= 0), once rounded, would stop the whole import in the merge.
 *
 * @example unusablePrice({ ...price, amount: '-1' })?.code // 'price-out-of-range'
 */
export function unusablePrice({
  amount,
  minQuantity,
}: Pick<PriceRecord, 'amount' | 'minQuantity'>): { readonly code: string; readonly why: string } | undefined {
  if (amount.charCodeAt(0) === 0x2d || (amount.length > 8 && Number(amount) >= PRICE_LIMIT)) {
    return { code: 'price-out-of-range', why: 'the catalogue cannot hold it' };
  }
  if (minQuantity === undefined || Number(minQuantity) <= 1) return undefined;
  return { code: 'quantity-price', why: `it applies from ${minQuantity} pieces on` };
}
