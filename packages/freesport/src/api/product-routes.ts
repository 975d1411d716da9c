import type { FastifyInstance } from 'fastify';
import type { ListFilter } from '../catalogue/catalogue.ts';
import { ShopError } from '../errors.ts';
import { signedInUser } from '../users/shopper.ts';
import { ResponseCache } from './response-cache.ts';
import { errorSchema, listQuerySchema, productDetailSchema, productPageSchema } from './schemas.ts';
import type { Shop } from './shop.ts';

interface ListQuery {
  readonly category?: string;
  readonly brand?: string;
  readonly q?: string;
  readonly min_price?: string;
  readonly max_price?: string;
  readonly page: number;
  readonly page_size: number;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * `GET /api/products/` and `GET /api/products/{slug}/`.
 *
 * @example
 * productRoutes(app, shop);
 */
export function productRoutes(app: FastifyInstance, shop: Shop): void {
  const responses = new ResponseCache();

  app.get<{ Querystring: ListQuery }>(
    '/api/products/',
    {
      schema: {
        summary: 'Products, filtered and in pages',
        querystring: listQuerySchema,
        response: { 200: productPageSchema, 404: errorSchema },
      },
    },
    async (request, reply) => {
      const role = (await signedInUser(shop.database, request))?.role ?? 'retail';
      const filter = listFilter(request.query);
      const body = await responses.get(`${role} list ${JSON.stringify(filter)}`, async () => {
        const page = await shop.catalogue.list(filter, role);
        const pages = Math.max(1, Math.ceil(page.count / filter.pageSize));
        if (filter.page > pages) return undefined;
        return reply.serialize({
          count: page.count,
          next: filter.page < pages ? pageUrl(request.query, filter.page + 1) : null,
          previous: filter.page > 1 ? pageUrl(request.query, filter.page - 1) : null,
          results: page.results,
        }) as string;
      });
      if (body === undefined) throw new ShopError('not-found', `there is no page ${filter.page}`);
      return reply.type(JSON_TYPE).send(body);
    },
  );

  app.get<{ Params: { slug: string } }>(
    '/api/products/:slug/',
    {
      schema: {
        summary: 'One product by its slug',
        params: {
          type: 'object',
          required: ['slug'],
          properties: { slug: { type: 'string', maxLength: 255 } },
        },
        response: { 200: productDetailSchema(shop.release.hasVariants), 404: errorSchema },
      },
    },
    async (request, reply) => {
      const role = (await signedInUser(shop.database, request))?.role ?? 'retail';
      const { slug } = request.params;
      const body = await responses.get(`${role} detail ${slug}`, async () => {
        const product = await shop.catalogue.detail(slug, role);
        return product === undefined ? undefined : (reply.serialize(product) as string);
      });
      if (body === undefined) throw new ShopError('not-found', `there is no product "${slug}"`);
      return reply.type(JSON_TYPE).send(body);
    },
  );
}

function listFilter(query: ListQuery): ListFilter {
  return {
    category: query.category,
    brand: query.brand,
    q: query.q,
    minPrice: query.min_price,
    maxPrice: query.max_price,
    page: query.page,
    pageSize: query.page_size,
  };
}

/** Relative to the host, because the host that a client typed is not to be trusted. */
function pageUrl(query: ListQuery, page: number): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...query, page })) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return `/api/products/?${parameters}`;
}
