import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Cart, emptyCart, readCart, setCartLine } from '../cart/cart.ts';
import { cartOwner, signedInUser } from '../users/shopper.ts';
import { cartChangeSchema, cartSchema, errorSchema } from './schemas.ts';
import type { Shop } from './shop.ts';

interface CartChange {
  readonly sku_id: number;
  readonly quantity: number;
}

const EMPTY: Cart = { items: [], total: '0.00' };

/**
 * `/api/cart/`: GET reads, POST adds to a line, PATCH sets one (0 takes it out), DELETE empties. The cart is the
 * user's, else that of the session cookie, which the first POST sets.
 *
 * @example
 * cartRoutes(app, shop);
 */
export function cartRoutes(app: FastifyInstance, shop: Shop): void {
  const response = { 200: cartSchema, 400: errorSchema, 404: errorSchema };

  app.get(
    '/api/cart/',
    { schema: { summary: 'The cart', response: { 200: cartSchema } } },
    async (request, reply) => {
      const user = await signedInUser(shop.database, request);
      const owner = cartOwner(request, reply, user, { start: false });
      if (owner === undefined) return EMPTY;
      return await readCart(shop.database, shop.release.skus, owner, user?.role ?? 'retail');
    },
  );

  const change =
    (add: boolean) => async (request: FastifyRequest<{ Body: CartChange }>, reply: FastifyReply) => {
      const user = await signedInUser(shop.database, request);
      const owner = cartOwner(request, reply, user, { start: true });
      if (owner === undefined) return EMPTY;
      const { sku_id: skuId, quantity } = request.body;
      return await shop.database.transaction(async (connection) => {
        await setCartLine(connection, shop.release.skus, owner, { skuId, quantity, add });
        return await readCart(connection, shop.release.skus, owner, user?.role ?? 'retail');
      });
    };
  app.post<{ Body: CartChange }>(
    '/api/cart/',
    { schema: { summary: 'Put something into the cart', body: cartChangeSchema, response } },
    change(true),
  );
  app.patch<{ Body: CartChange }>(
    '/api/cart/',
    { schema: { summary: 'Set how many of a SKU are in the cart', body: cartChangeSchema, response } },
    change(false),
  );

  app.delete(
    '/api/cart/',
    { schema: { summary: 'Empty the cart', response: { 200: cartSchema } } },
    async (request, reply) => {
      const user = await signedInUser(shop.database, request);
      const owner = cartOwner(request, reply, user, { start: false });
      if (owner !== undefined) await emptyCart(shop.database, owner);
      return EMPTY;
    },
  );
}
