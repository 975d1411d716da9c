import type { Queryable } from '../database/database.ts';
import { CART_QUANTITY_MAX, cartIdOf } from './cart.ts';

/**
 * Puts what a visitor collected before signing in into the user's cart. Within the caller's transaction.
 *
 * @example
 * await database.transaction((connection) => adoptCart(connection, { sessionKey, userId: user.id }));
 */
export async function adoptCart(
  db: Queryable,
  from: { readonly sessionKey: string; readonly userId: number },
): Promise<void> {
  const [cart] = await db.query<{ id: number }>(
    'SELECT id FROM carts WHERE user_id IS NULL AND session_key = $1 FOR UPDATE',
    [from.sessionKey],
  );
  if (cart === undefined) return;
  const own = await cartIdOf(db, { kind: 'user', userId: from.userId });
  await db.query(
    `INSERT INTO cart_items (cart_id, product_id, quantity)
     SELECT $2, product_id, quantity FROM cart_items WHERE cart_id = $1
     ON CONFLICT (cart_id, product_id) DO UPDATE
       SET quantity = least(cart_items.quantity + excluded.quantity, ${CART_QUANTITY_MAX}), updated_at = now()`,
    [cart.id, own],
  );
  await db.query('DELETE FROM cart_items WHERE cart_id = $1', [cart.id]);
}
