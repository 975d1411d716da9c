import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { rememberedOrders, rememberOrder } from '../api/order-routes.ts';
import { cartChangeSchema, orderRequestSchema } from '../api/schemas.ts';
import { readCart, setCartLine } from '../cart/cart.ts';
import { ShopError } from '../errors.ts';
import { placeOrder } from '../orders/place-order.ts';
import { readOrder } from '../orders/read-order.ts';
import { passwordMatches } from '../users/password.ts';
import { cartOwner, signedInUser, signIn, signOut, userByEmail } from '../users/shopper.ts';
import { cartPage } from './cart-page.ts';
import { checkoutPage, orderPage } from './checkout-page.ts';
import { loginPage } from './message-page.ts';
import type { Storefront } from './storefront.ts';
import { readVisit } from './visit.ts';

const token = { _csrf: { type: 'string', maxLength: 200 } } as const;
const { items: _items, ...orderProperties } = orderRequestSchema.properties;

interface OrderForm {
  readonly customer_name: string;
  readonly customer_phone: string;
  readonly customer_email: string;
  readonly delivery_method: string;
  readonly delivery_address: string;
  readonly payment_method: string;
  readonly notes: string;
  readonly idempotency_key: string;
}

/**
 * Cart, checkout, the order afterwards, signing in and out. Every POST carries a CSRF token and answers with a redirect.
 *
 * @example
 * buyingRoutes(scope, storefront);
 */
export function buyingRoutes(scope: FastifyInstance, pages: Storefront): void {
  cart(scope, pages);
  checkout(scope, pages);
  signingIn(scope, pages);
}

function cart(scope: FastifyInstance, pages: Storefront): void {
  const { shop } = pages;
  scope.get('/cart/', { schema: { hide: true } }, async (request, reply) => {
    const visit = await readVisit(shop, request, reply);
    const content =
      visit.owner === undefined
        ? { items: [], total: '0.00' }
        : await readCart(shop.database, shop.release.skus, visit.owner, visit.role);
    return pages.send(reply, visit, { title: visit.t.cart, body: cartPage(visit, content) });
  });

  const body = {
    ...cartChangeSchema,
    properties: { ...cartChangeSchema.properties, ...token, mode: { type: 'string', enum: ['add', 'set'] } },
  };
  scope.post<{ Body: { sku_id: number; quantity: number; mode?: 'add' | 'set' } }>(
    '/cart/',
    { preHandler: scope.csrfProtection, schema: { hide: true, body } },
    async (request, reply) => {
      const user = await signedInUser(shop.database, request);
      const owner = cartOwner(request, reply, user, { start: true });
      if (owner === undefined) throw new ShopError('invalid', 'there is no cart');
      const { sku_id: skuId, quantity, mode } = request.body;
      await shop.database.transaction((connection) =>
        setCartLine(connection, shop.release.skus, owner, { skuId, quantity, add: mode === 'add' }),
      );
      return reply.redirect('/cart/', 303);
    },
  );
}

function checkout(scope: FastifyInstance, pages: Storefront): void {
  const { shop } = pages;
  scope.get('/checkout/', { schema: { hide: true } }, async (request, reply) => {
    const visit = await readVisit(shop, request, reply);
    if (visit.owner === undefined || visit.cartCount === 0) return reply.redirect('/cart/', 303);
    const content = await readCart(shop.database, shop.release.skus, visit.owner, visit.role);
    const body = checkoutPage(visit, content, { idempotencyKey: randomUUID() });
    return pages.send(reply, visit, { title: visit.t.checkout, body });
  });

  const body = {
    type: 'object',
    required: orderRequestSchema.required,
    properties: {
      ...orderProperties,
      ...token,
      idempotency_key: { type: 'string', minLength: 16, maxLength: 200 },
    },
  };
  scope.post<{ Body: OrderForm }>(
    '/checkout/',
    { preHandler: scope.csrfProtection, schema: { hide: true, body } },
    async (request, reply) => {
      const form = request.body;
      const user = await signedInUser(shop.database, request);
      const owner = cartOwner(request, reply, user, { start: true });
      if (owner === undefined) return reply.redirect('/cart/', 303);
      try {
        const { order } = await placeOrder(shop.database, shop.release.skus, {
          owner,
          role: user?.role ?? 'retail',
          customerName: form.customer_name,
          customerEmail: form.customer_email,
          customerPhone: form.customer_phone,
          deliveryAddress: form.delivery_address,
          deliveryMethod: form.delivery_method,
          paymentMethod: form.payment_method,
          notes: form.notes,
          idempotencyKey: form.idempotency_key,
        });
        rememberOrder(request, reply, order.order_number);
        return reply.redirect(`/orders/${order.order_number}/`, 303);
      } catch (error) {
        // Sold out in the meantime, or an empty cart: the cart says what.
        if (error instanceof ShopError && (error.code === 'conflict' || error.code === 'invalid')) {
          return reply.redirect('/cart/', 303);
        }
        throw error;
      }
    },
  );

  scope.get<{ Params: { number: string } }>(
    '/orders/:number/',
    { schema: { hide: true } },
    async (request, reply) => {
      const visit = await readVisit(shop, request, reply);
      const order = await readOrder(shop.database, request.params.number);
      const own = visit.user !== undefined && (visit.user.isStaff || visit.user.id === order?.user_id);
      if (order === undefined || !(own || rememberedOrders(request).includes(order.order_number))) {
        throw new ShopError('not-found', 'there is no such order');
      }
      return pages.send(reply, visit, {
        title: `${visit.t.order} ${order.order_number}`,
        body: orderPage(visit, order),
      });
    },
  );
}

function signingIn(scope: FastifyInstance, pages: Storefront): void {
  const { shop } = pages;
  scope.get('/login/', { schema: { hide: true } }, async (request, reply) => {
    const visit = await readVisit(shop, request, reply);
    return pages.send(reply, visit, { title: visit.t.signIn, body: loginPage(visit) });
  });

  const body = {
    type: 'object',
    required: ['email', 'password'],
    properties: {
      ...token,
      email: { type: 'string', maxLength: 254 },
      password: { type: 'string', maxLength: 500 },
    },
  };
  scope.post<{ Body: { email: string; password: string } }>(
    '/login/',
    {
      preHandler: scope.csrfProtection,
      config: { rateLimit: { max: 10, timeWindow: '1 minute' } },
      schema: { hide: true, body },
    },
    async (request, reply) => {
      const user = await userByEmail(shop.database, request.body.email);
      if (user === undefined || !(await passwordMatches(request.body.password, user.password))) {
        const visit = await readVisit(shop, request, reply);
        void reply.code(403);
        return pages.send(reply, visit, {
          title: visit.t.signIn,
          body: loginPage(visit, visit.t.wrongPassword),
        });
      }
      await signIn(shop.database, request, reply, user);
      return reply.redirect('/catalog/', 303);
    },
  );

  scope.post(
    '/logout/',
    { preHandler: scope.csrfProtection, schema: { hide: true } },
    async (_request, reply) => {
      signOut(reply);
      return reply.redirect('/catalog/', 303);
    },
  );
}
