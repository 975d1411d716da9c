/**
 * `20`, `10 %` as per cent; undefined for «Без НДС» and whatever is no number.
 *
 * @example vatRate('10 %') // '10'
 */
export function vatRate(vat: string | undefined): string | undefined {
  const match = vat === undefined ? null : /^\s*(\d{1,2}(?:[.,]\d{1,2})?)\s*%?\s*$/.exec(vat);
  return match?.[1]?.replace(',', '.');
}
