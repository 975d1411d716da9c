import type { Queryable } from '../database/database.ts';
import { ShopError } from '../errors.ts';
import { fromKopecks, toKopecks } from '../money.ts';
import type { SkuOffer, SkuStore } from '../orders/sku-store.ts';
import type { Role } from '../users/role.ts';

/** Whose cart: a user's, else that of an anonymous session. */
export type CartOwner =
  | { readonly kind: 'user'; readonly userId: number }
  | { readonly kind: 'session'; readonly key: string };

/** One line of a cart with what the catalogue says now. */
export interface CartLine extends SkuOffer {
  readonly quantity: number;
  /** Null where there is no price. */
  readonly total: string | null;
}

export interface Cart {
  readonly items: readonly CartLine[];
  /** Sum of the lines that have a price. */
  readonly total: string;
}

/** As many of one SKU as a cart takes. */
export const CART_QUANTITY_MAX = 9_999;

/**
 * The cart with current names, prices and stock. A cart that was never filled is empty, not an error.
 *
 * @example
 * const { items, total } = await readCart(db, skus, owner, 'retail');
 */
export async function readCart(db: Queryable, skus: SkuStore, owner: CartOwner, role: Role): Promise<Cart> {
  const lines = await db.query<{ product_id: number; quantity: number }>(
    `SELECT i.product_id, i.quantity FROM cart_items i JOIN carts c ON c.id = i.cart_id
     WHERE ${ownerCondition(owner)} ORDER BY i.id`,
    [ownerValue(owner)],
  );
  if (lines.length === 0) return { items: [], total: '0.00' };
  const offers = await skus.offers(
    db,
    lines.map((line) => line.product_id),
    role,
  );
  let sum = 0n;
  const items: CartLine[] = [];
  for (const { product_id, quantity } of lines) {
    const offer = offers.get(product_id);
    if (offer === undefined) continue;
    const total = offer.price === null ? undefined : toKopecks(offer.price) * BigInt(quantity);
    sum += total ?? 0n;
    items.push({ ...offer, quantity, total: total === undefined ? null : fromKopecks(total) });
  }
  return { items, total: fromKopecks(sum) };
}

/**
 * Sets how many of a SKU are in the cart; 0 takes the line out. `add` puts them on top of what is there.
 *
 * @throws ShopError `not-found` for an unknown SKU, `invalid` for a quantity out of bounds.
 * @example
 * await setCartLine(db, skus, owner, { skuId: 1, quantity: 2, add: true });
 */
export async function setCartLine(
  db: Queryable,
  skus: SkuStore,
  owner: CartOwner,
  line: { readonly skuId: number; readonly quantity: number; readonly add?: boolean },
): Promise<void> {
  if (!Number.isInteger(line.quantity) || line.quantity < 0 || line.quantity > CART_QUANTITY_MAX) {
    throw new ShopError('invalid', `quantity must be a whole number from 0 to ${CART_QUANTITY_MAX}`);
  }
  if (line.quantity === 0) {
    await db.query(
      `DELETE FROM cart_items i USING carts c WHERE c.id = i.cart_id AND ${ownerCondition(owner)} AND i.product_id = $2`,
      [ownerValue(owner), line.skuId],
    );
    return;
  }
  const offers = await skus.offers(db, [line.skuId], 'retail');
  if (!offers.has(line.skuId)) throw new ShopError('not-found', `there is no SKU ${line.skuId}`);
  const cartId = await cartIdOf(db, owner);
  const quantity =
    line.add === true
      ? `least(cart_items.quantity + excluded.quantity, ${CART_QUANTITY_MAX})`
      : 'excluded.quantity';
  await db.query(
    `INSERT INTO cart_items (cart_id, product_id, quantity) VALUES ($1, $2, $3)
     ON CONFLICT (cart_id, product_id) DO UPDATE SET quantity = ${quantity}, updated_at = now()`,
    [cartId, line.skuId, line.quantity],
  );
}

/** Takes every line out of the cart. */
export async function emptyCart(db: Queryable, owner: CartOwner): Promise<void> {
  await db.query(
    `DELETE FROM cart_items i USING carts c WHERE c.id = i.cart_id AND ${ownerCondition(owner)}`,
    [ownerValue(owner)],
  );
}

/** SQL condition on `carts c` with the owner as `$1`. */
export function ownerCondition(owner: CartOwner): string {
  return owner.kind === 'user' ? 'c.user_id = $1' : 'c.user_id IS NULL AND c.session_key = $1';
}

/** The value of `$1` in `ownerCondition`. */
export function ownerValue(owner: CartOwner): number | string {
  return owner.kind === 'user' ? owner.userId : owner.key;
}

/** The id of the owner's cart, made where there is none. */
export async function cartIdOf(db: Queryable, owner: CartOwner): Promise<number> {
  const statement =
    owner.kind === 'user'
      ? `INSERT INTO carts (user_id) VALUES ($1) ON CONFLICT (user_id) DO UPDATE SET updated_at = now() RETURNING id`
      : `INSERT INTO carts (session_key) VALUES ($1) ON CONFLICT (session_key) WHERE user_id IS NULL
           DO UPDATE SET updated_at = now() RETURNING id`;
  const [row] = await db.query<{ id: number }>(statement, [ownerValue(owner)]);
  if (row === undefined)
    throw new ShopError('failed', 'the cart was not stored although PostgreSQL reported no error');
  return row.id;
}
