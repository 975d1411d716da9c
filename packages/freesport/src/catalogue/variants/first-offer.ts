import type { ProductVariant } from '../catalogue.ts';

/** What a product shows of its variants in a list. */
export interface FirstOffer {
  readonly sku: string;
  readonly sku_id: number;
  readonly image: string | null;
  /** The lowest that this customer pays for any of them. */
  readonly price: string | null;
  readonly retail_price: string | null;
  /** Of all of them. */
  readonly stock_quantity: number;
}

/**
 * The cheapest variant that can be bought stands for its product: the rule of the list query, for a page that has all
 * variants at hand. Undefined for none.
 *
 * @example
 * firstOfferOf(variants)?.sku_id;
 */
export function firstOfferOf(variants: readonly ProductVariant[]): FirstOffer | undefined {
  const [first, ...rest] = variants;
  if (first === undefined) return undefined;
  const best = rest.reduce((a, b) => (comesBefore(b, a) ? b : a), first);
  return {
    sku: best.sku,
    sku_id: best.sku_id,
    image: best.main_image,
    price: lowest(variants.map((variant) => variant.price)),
    retail_price: lowest(
      variants.map((variant) => (Number(variant.retail_price) === 0 ? null : variant.retail_price)),
    ),
    stock_quantity: variants.reduce((sum, variant) => sum + variant.stock_quantity, 0),
  };
}

function comesBefore(a: ProductVariant, b: ProductVariant): boolean {
  const buyable = Number(b.in_stock && b.price !== null) - Number(a.in_stock && a.price !== null);
  if (buyable !== 0) return buyable < 0;
  const price = Number(a.price ?? Infinity) - Number(b.price ?? Infinity);
  // Both without a price gives NaN, which is no difference.
  if (price < 0 || price > 0) return price < 0;
  return a.id < b.id;
}

/** Exact decimals of at most ten digits compare as numbers without loss. */
function lowest(amounts: readonly (string | null)[]): string | null {
  return amounts.reduce(
    (low, amount) => (amount !== null && (low === null || Number(amount) < Number(low)) ? amount : low),
    null,
  );
}
