import { type CartOwner, ownerCondition, ownerValue } from '../cart/cart.ts';
import type { Database, Queryable } from '../database/database.ts';
import { ShopError } from '../errors.ts';
import { fromKopecks, toKopecks } from '../money.ts';
import type { Role } from '../users/role.ts';
import { orderNumber } from './order-number.ts';
import { type Order, readOrder } from './read-order.ts';
import type { SkuOffer, SkuQuantity, SkuStore } from './sku-store.ts';

/** Who buys and where it goes. All texts as typed by the customer. */
export interface OrderRequest {
  readonly owner: CartOwner;
  readonly role: Role;
  readonly customerName: string;
  readonly customerEmail: string;
  readonly customerPhone: string;
  readonly deliveryAddress: string;
  readonly deliveryMethod: string;
  readonly paymentMethod: string;
  readonly notes: string;
  /** The same key of the same buyer never orders twice. */
  readonly idempotencyKey?: string | undefined;
  /** Instead of the cart, which then stays as it is. */
  readonly lines?: readonly SkuQuantity[] | undefined;
}

export interface PlacedOrder {
  readonly order: Order;
  /** False where the idempotency key had already made it. */
  readonly created: boolean;
}

/** A line that cannot be sold, in an error's `details.shortages`. */
export interface Shortage {
  readonly sku_id: number;
  readonly requested: number;
  readonly available: number;
}

/**
 * Turns a cart into an order in one transaction: refuses what is not in stock, writes the order with its lines, empties
 * the cart, queues the mail, and reserves.
 *
 * @throws ShopError `conflict` with `details.shortages`, `invalid` for an empty cart.
 * @example
 * const { order } = await placeOrder(database, skus, request);
 */
export async function placeOrder(
  database: Database,
  skus: SkuStore,
  request: OrderRequest,
): Promise<PlacedOrder> {
  const { owner } = request;
  // A repeat may come without the cookie that the lost answer was to set, so an anonymous buyer is his key alone.
  const buyer = owner.kind === 'user' ? `user:${owner.userId}` : 'anonymous';
  const number = orderNumber({ buyer, idempotencyKey: request.idempotencyKey });
  const afterLostCommit = async (): Promise<PlacedOrder> => {
    const order = await readOrder(database, number);
    if (order !== undefined) return { order, created: true };
    throw new ShopError('unavailable', 'the database went away and the order was not stored; send it again');
  };
  return await database.transaction(
    async (connection) => {
      const lines = request.lines ?? (await lockCart(connection, owner));
      // After the cart's lock: a second request with the same key waits there and then finds the first one's order.
      const earlier = await readOrder(connection, number);
      if (earlier !== undefined) return { order: earlier, created: false };
      const offers = await sellableOffers(connection, skus, lines, request.role);
      if (!(await insertOrder(connection, number, request, lines, offers))) {
        throw new ShopError(
          'conflict',
          'the same order is being placed by another request; ask for it in a moment',
        );
      }
      if (request.lines === undefined) {
        await connection.query(
          `DELETE FROM cart_items i USING carts c WHERE c.id = i.cart_id AND ${ownerCondition(owner)}`,
          [ownerValue(owner)],
        );
      }
      await queueMail(connection, number);
      const order = await readOrder(connection, number);
      if (order === undefined)
        throw new ShopError('failed', `order ${number} is not there right after its insert`);
      // Last, so that everybody else who wants the same SKU waits for one statement and the COMMIT only.
      const reserved = await skus.reserve(connection, lines);
      if (reserved.size < lines.length) await refuseShortages(connection, skus, lines, request.role);
      return { order, created: true };
    },
    { afterLostCommit },
  );
}

async function lockCart(connection: Queryable, owner: CartOwner): Promise<SkuQuantity[]> {
  await connection.query(`SELECT c.id FROM carts c WHERE ${ownerCondition(owner)} FOR UPDATE`, [
    ownerValue(owner),
  ]);
  const rows = await connection.query<{ product_id: number; quantity: number }>(
    `SELECT i.product_id, i.quantity FROM cart_items i JOIN carts c ON c.id = i.cart_id
     WHERE ${ownerCondition(owner)} AND i.quantity > 0 ORDER BY i.product_id`,
    [ownerValue(owner)],
  );
  return rows.map((row) => ({ skuId: row.product_id, quantity: row.quantity }));
}

/** What is sold, with its price; a shortage that shows already ends here. */
async function sellableOffers(
  connection: Queryable,
  skus: SkuStore,
  lines: readonly SkuQuantity[],
  role: Role,
): Promise<Map<number, SkuOffer>> {
  if (lines.length === 0) throw new ShopError('invalid', 'the cart is empty: there is nothing to order');
  const offers = await skus.offers(
    connection,
    lines.map((line) => line.skuId),
    role,
  );
  refuse(shortagesOf(lines, offers));
  return offers;
}

/** Somebody else was faster between the look and the reservation. */
async function refuseShortages(
  connection: Queryable,
  skus: SkuStore,
  lines: readonly SkuQuantity[],
  role: Role,
): Promise<never> {
  const offers = await skus.offers(
    connection,
    lines.map((line) => line.skuId),
    role,
  );
  refuse(shortagesOf(lines, offers));
  throw new ShopError(
    'conflict',
    'stock changed while the order was placed; nothing was ordered, send it again',
  );
}

function shortagesOf(lines: readonly SkuQuantity[], offers: ReadonlyMap<number, SkuOffer>): Shortage[] {
  return lines.flatMap(({ skuId, quantity }) => {
    const offer = offers.get(skuId);
    const available = offer === undefined || offer.price === null ? 0 : offer.available;
    return available < quantity ? [{ sku_id: skuId, requested: quantity, available }] : [];
  });
}

function refuse(shortages: readonly Shortage[]): void {
  if (shortages.length === 0) return;
  throw new ShopError(
    'conflict',
    'not everything is in stock any more; see details.shortages and change the cart',
    {
      details: { shortages },
    },
  );
}

/** False where the number is taken: another transaction with the same key was faster. */
async function insertOrder(
  connection: Queryable,
  number: string,
  request: OrderRequest,
  lines: readonly SkuQuantity[],
  offers: ReadonlyMap<number, SkuOffer>,
): Promise<boolean> {
  const priced = lines.map((line) => {
    const offer = offers.get(line.skuId);
    const unit = toKopecks(offer?.price ?? '0');
    return { line, offer, unit, total: unit * BigInt(line.quantity) };
  });
  const total = priced.reduce((sum, item) => sum + item.total, 0n);
  const [order] = await connection.query<{ id: number }>(
    `INSERT INTO orders (order_number, user_id, customer_name, customer_email, customer_phone, total_amount,
       delivery_address, delivery_method, payment_method, notes)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (order_number) DO NOTHING RETURNING id`,
    [
      number,
      request.owner.kind === 'user' ? request.owner.userId : null,
      request.customerName,
      request.customerEmail,
      request.customerPhone,
      fromKopecks(total),
      request.deliveryAddress,
      request.deliveryMethod,
      request.paymentMethod,
      request.notes,
    ],
  );
  if (order === undefined) return false;
  await connection.query(
    `INSERT INTO order_items (order_id, product_id, quantity, unit_price, total_price, product_name, product_sku)
     SELECT $1, * FROM unnest($2::bigint[], $3::int[], $4::numeric[], $5::numeric[], $6::text[], $7::text[])`,
    [
      order.id,
      priced.map((item) => item.line.skuId),
      priced.map((item) => item.line.quantity),
      priced.map((item) => fromKopecks(item.unit)),
      priced.map((item) => fromKopecks(item.total)),
      priced.map((item) => soldAs(item.offer)),
      priced.map((item) => item.offer?.sku ?? ''),
    ],
  );
  return true;
}

/** The name on the bill: with colour and size, within order_items.product_name. */
function soldAs(offer: SkuOffer | undefined): string {
  if (offer === undefined) return '';
  return (offer.options === '' ? offer.name : `${offer.name} (${offer.options})`).slice(0, 300);
}

async function queueMail(connection: Queryable, number: string): Promise<void> {
  await connection.query(
    `SELECT graphile_worker.add_job('send_order_mail', json_build_object('orderNumber', $1::text),
       job_key => 'send_order_mail:' || $1::text, max_attempts => 10)`,
    [number],
  );
}
