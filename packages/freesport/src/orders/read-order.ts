import type { Queryable } from '../database/database.ts';

/** One line of an order, as it was sold. */
export interface OrderLine {
  readonly sku_id: number;
  readonly name: string;
  readonly sku: string;
  readonly quantity: number;
  readonly unit_price: string;
  readonly total_price: string;
}

export interface Order extends Record<string, unknown> {
  readonly order_number: string;
  readonly status: string;
  /** Null for an order placed without signing in. */
  readonly user_id: number | null;
  readonly customer_name: string;
  readonly customer_email: string;
  readonly customer_phone: string;
  readonly delivery_address: string;
  readonly delivery_method: string;
  readonly payment_method: string;
  readonly total_amount: string;
  readonly created_at: string;
  readonly items: readonly OrderLine[];
}

/**
 * An order with its lines by number, or undefined.
 *
 * @example
 * const order = await readOrder(database, 'FS-9QX3…');
 */
export async function readOrder(db: Queryable, number: string): Promise<Order | undefined> {
  const [order] = await db.query<Order & { created_at: unknown }>(
    `SELECT o.order_number, o.status, o.user_id, o.customer_name, o.customer_email, o.customer_phone,
       o.delivery_address, o.delivery_method, o.payment_method, o.total_amount, o.created_at,
       (SELECT coalesce(json_agg(json_build_object('sku_id', i.product_id, 'name', i.product_name,
          'sku', i.product_sku, 'quantity', i.quantity, 'unit_price', i.unit_price::text,
          'total_price', i.total_price::text) ORDER BY i.id), '[]'::json)
        FROM order_items i WHERE i.order_id = o.id) AS items
     FROM orders o WHERE o.order_number = $1`,
    [number],
  );
  if (order === undefined) return undefined;
  const createdAt: unknown = order.created_at;
  return { ...order, created_at: createdAt instanceof Date ? createdAt.toISOString() : String(createdAt) };
}
