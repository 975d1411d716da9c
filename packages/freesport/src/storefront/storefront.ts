import csrfProtection from '@fastify/csrf-protection';
import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorAnswer } from '../api/error-answer.ts';
import type { Shop } from '../api/shop.ts';
import { BrandList } from '../catalogue/brand-list.ts';
import { Assets } from '../html/assets.ts';
import type { HtmlValue } from '../html/html.ts';
import { securePage } from '../html/security-headers.ts';
import { buyingRoutes } from './buying-routes.ts';
import { catalogueRoutes } from './catalogue-routes.ts';
import { layout, type StorefrontAssets } from './layout.ts';
import { messagePage } from './message-page.ts';
import { readVisit, type Visit } from './visit.ts';

/** What the routes of the storefront share. */
export interface Storefront {
  readonly shop: Shop;
  readonly brands: BrandList;
  /** Sends a page in its frame. */
  send(
    reply: FastifyReply,
    visit: Visit,
    page: { readonly title: string; readonly description?: string | undefined; readonly body: HtmlValue },
  ): FastifyReply;
}

/**
 * The pages for customers, in a scope of their own: only here forms are understood, with a CSRF token each, and errors are
 * pages.
 *
 * @example
 * await app.register(async (scope) => storefront(scope, shop));
 */
export async function storefront(scope: FastifyInstance, shop: Shop): Promise<void> {
  await scope.register(formbody);
  await scope.register(csrfProtection, {
    sessionPlugin: '@fastify/cookie',
    cookieOpts: { signed: true, httpOnly: true, sameSite: 'lax', path: '/' },
    getToken: (request) => (request.body as { _csrf?: string } | undefined)?._csrf,
  });
  const files = new Assets({
    'storefront.css': new URL('./assets/storefront.css', import.meta.url),
    'storefront.js': new URL('./assets/storefront.js', import.meta.url),
  });
  files.routes(scope);
  const assets: StorefrontAssets = { css: files.url('storefront.css'), js: files.url('storefront.js') };
  const send: Storefront['send'] = (reply, visit, page) =>
    securePage(reply).send(layout(visit, assets, page).text);
  const pages: Storefront = { shop, brands: new BrandList(shop.database), send };
  scope.setErrorHandler(async (error, request, reply) => await errorPage(pages, error, request, reply));
  catalogueRoutes(scope, pages);
  buyingRoutes(scope, pages);
}

async function errorPage(
  pages: Storefront,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { status, body } = errorAnswer(error);
  if (status >= 500) request.log.error({ err: error }, 'page failed');
  void reply.code(status);
  if (status === 503) {
    // The header of a page reads the database too, so this one has none.
    return reply.header('retry-after', 1).type('text/plain; charset=utf-8').send(body.error.message);
  }
  const visit = await readVisit(pages.shop, request, reply);
  const { t } = visit;
  const [heading, text] =
    status === 404
      ? [t.notFound, t.notFoundText]
      : status === 429
        ? [t.failed, t.tooMany]
        : status < 500
          ? [t.failed, body.error.message]
          : [t.failed, t.failedText];
  return pages.send(reply, visit, { title: heading, body: messagePage(visit, { heading, text }) });
}
