import type { FastifyInstance } from 'fastify';
import { categoriesSchema } from './schemas.ts';
import type { Shop } from './shop.ts';

/**
 * `GET /api/categories/`: the whole tree, flat.
 *
 * @example
 * categoryRoutes(app, shop);
 */
export function categoryRoutes(app: FastifyInstance, shop: Shop): void {
  app.get(
    '/api/categories/',
    { schema: { summary: 'All active categories', response: { 200: categoriesSchema } } },
    async () => {
      const results = await shop.categories.all();
      return { count: results.length, results };
    },
  );
}
