import type { Queryable } from '../database/database.ts';
import { readOrder } from '../orders/read-order.ts';

/**
 * Writes the confirmation of an order to the outbox, once however often the job runs. False where it was there already,
 * where the order is gone, or where there is no address.
 *
 * @example
 * await sendOrderMail(database, 'FS-9QX3…');
 */
export async function sendOrderMail(db: Queryable, orderNumber: string): Promise<boolean> {
  const order = await readOrder(db, orderNumber);
  if (order === undefined || order.customer_email === '') return false;
  const lines = order.items.map(
    (item) => `${item.name}, ${item.quantity} × ${item.unit_price} ₽ = ${item.total_price} ₽`,
  );
  const rows = await db.query(
    `INSERT INTO mail_outbox (kind, order_number, recipient, subject, body) VALUES ('order', $1, $2, $3, $4)
     ON CONFLICT (kind, order_number) DO NOTHING RETURNING id`,
    [
      orderNumber,
      order.customer_email,
      `Заказ ${orderNumber} принят`,
      [`Здравствуйте, ${order.customer_name}!`, '', ...lines, '', `Итого: ${order.total_amount} ₽`].join(
        '\n',
      ),
    ],
  );
  return rows.length > 0;
}
