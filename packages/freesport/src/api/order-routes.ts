import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ShopError } from '../errors.ts';
import { placeOrder } from '../orders/place-order.ts';
import { readOrder } from '../orders/read-order.ts';
import { cartOwner, signedCookie, signedInUser } from '../users/shopper.ts';
import { errorSchema, orderRequestSchema, orderSchema } from './schemas.ts';
import type { Shop } from './shop.ts';

interface OrderBody {
  readonly customer_name: string;
  readonly customer_email: string;
  readonly customer_phone: string;
  readonly delivery_address: string;
  readonly delivery_method: string;
  readonly payment_method: string;
  readonly notes: string;
  readonly items?: readonly { readonly sku_id: number; readonly quantity: number }[];
}

const ORDERS_COOKIE = 'freesport_orders';
const REMEMBERED_ORDERS_MAX = 20;

/**
 * `POST /api/orders/` places an order (header `Idempotency-Key` makes a repeat harmless), `GET /api/orders/{number}/` reads one:
 * a user's own, or what this browser has ordered without signing in.
 *
 * @example
 * orderRoutes(app, shop);
 */
export function orderRoutes(app: FastifyInstance, shop: Shop): void {
  app.post<{ Body: OrderBody; Headers: { 'idempotency-key'?: string } }>(
    '/api/orders/',
    {
      schema: {
        summary: 'Place an order from the cart, or of the given items',
        headers: {
          type: 'object',
          properties: { 'idempotency-key': { type: 'string', minLength: 16, maxLength: 200 } },
        },
        body: orderRequestSchema,
        response: { 200: orderSchema, 201: orderSchema, 400: errorSchema, 409: errorSchema },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const user = await signedInUser(shop.database, request);
      const owner = cartOwner(request, reply, user, { start: true });
      if (owner === undefined) throw new ShopError('invalid', 'there is no cart');
      const { order, created } = await placeOrder(shop.database, shop.release.skus, {
        owner,
        role: user?.role ?? 'retail',
        customerName: body.customer_name,
        customerEmail: body.customer_email,
        customerPhone: body.customer_phone,
        deliveryAddress: body.delivery_address,
        deliveryMethod: body.delivery_method,
        paymentMethod: body.payment_method,
        notes: body.notes,
        idempotencyKey: request.headers['idempotency-key'],
        lines: body.items === undefined ? undefined : mergedLines(body.items),
      });
      rememberOrder(request, reply, order.order_number);
      return reply.code(created ? 201 : 200).send(order);
    },
  );

  app.get<{ Params: { number: string } }>(
    '/api/orders/:number/',
    {
      schema: {
        summary: 'One order by its number',
        params: { type: 'object', properties: { number: { type: 'string', maxLength: 50 } } },
        response: { 200: orderSchema, 404: errorSchema },
      },
    },
    async (request) => {
      const { number } = request.params;
      const order = await readOrder(shop.database, number);
      const user = await signedInUser(shop.database, request);
      const own = user !== undefined && (user.isStaff || order?.user_id === user.id);
      // The same answer for "not there" and "not yours": order numbers are no oracle.
      if (order === undefined || !(own || rememberedOrders(request).includes(number))) {
        throw new ShopError('not-found', `there is no order ${number}`);
      }
      return order;
    },
  );
}

/** Numbers of the orders that this browser has placed. */
export function rememberedOrders(request: FastifyRequest): string[] {
  return signedCookie(request, ORDERS_COOKIE)?.split('.') ?? [];
}

/** Lets this browser read the order later without signing in. */
export function rememberOrder(request: FastifyRequest, reply: FastifyReply, number: string): void {
  const numbers = [number, ...rememberedOrders(request).filter((other) => other !== number)];
  void reply.setCookie(ORDERS_COOKIE, numbers.slice(0, REMEMBERED_ORDERS_MAX).join('.'), {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    signed: true,
    maxAge: 30 * 24 * 3600,
  });
}

/** One line a SKU, because an order has at most one. */
function mergedLines(
  items: readonly { sku_id: number; quantity: number }[],
): { skuId: number; quantity: number }[] {
  const quantities = new Map<number, number>();
  for (const item of items) quantities.set(item.sku_id, (quantities.get(item.sku_id) ?? 0) + item.quantity);
  return [...quantities].map(([skuId, quantity]) => ({ skuId, quantity }));
}
