import type { Queryable } from '../database/database.ts';
import type { Role } from '../users/role.ts';

/** What can be said of a SKU that a cart or an order names. */
export interface SkuOffer extends Record<string, unknown> {
  readonly sku_id: number;
  readonly name: string;
  readonly sku: string;
  /** Of the product's page; null where the catalogue no longer has it. */
  readonly slug: string | null;
  /** Colour and size for people, empty in 13.3. */
  readonly options: string;
  readonly image: string | null;
  /** Exact decimal; null where there is no price, and then it cannot be bought. */
  readonly price: string | null;
  /** Stock less reservations; 0 where the SKU is no longer sold. */
  readonly available: number;
}

/** How many of which SKU. */
export interface SkuQuantity {
  readonly skuId: number;
  readonly quantity: number;
}

/**
 * Where a release keeps the price and stock of a SKU: `products` in 13.3, `product_variants` in 13.4. Both reserve on
 * order; stock itself is 1C's figure and is only set by the import.
 *
 * @example
 * const reserved = await skus.reserve(connection, [{ skuId: 1, quantity: 2 }]);
 */
export interface SkuStore {
  /** Offers by id, also of SKUs that are no longer sold; unknown ids are left out. */
  offers(db: Queryable, skuIds: readonly number[], role: Role): Promise<Map<number, SkuOffer>>;
  /**
   * Reserves all that is in stock, in one statement that locks the rows in one order for everybody. Returns the ids that
   * it reserved: fewer than asked for means that the caller must roll back.
   */
  reserve(db: Queryable, lines: readonly SkuQuantity[]): Promise<ReadonlySet<number>>;
  /** Sets every reservation to what open orders hold; returns the number of rows it corrected. */
  refreshReserved(db: Queryable): Promise<number>;
}

/** SQL of what open orders hold, by SKU: `(product_id, quantity)`. */
export const OPEN_ORDER_QUANTITIES = `SELECT i.product_id, sum(i.quantity)::int AS quantity
  FROM orders o JOIN order_items i ON i.order_id = o.id
  WHERE o.status IN ('pending', 'confirmed', 'processing') GROUP BY i.product_id`;
