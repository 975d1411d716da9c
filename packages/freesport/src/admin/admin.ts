import csrfProtection from '@fastify/csrf-protection';
import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorAnswer } from '../api/error-answer.ts';
import type { Shop } from '../api/shop.ts';
import { Assets } from '../html/assets.ts';
import { type HtmlValue, html } from '../html/html.ts';
import { securePage } from '../html/security-headers.ts';
import { type SignedInUser, signedInUser } from '../users/shopper.ts';
import { type AdminAssets, adminLayout } from './admin-layout.ts';
import { adminRoutes } from './admin-routes.ts';
import { loginRoutes } from './login-routes.ts';

/** What the routes of the admin share. */
export interface Admin {
  readonly shop: Shop;
  /** Where exchanges lie, or undefined. */
  readonly exchangeRoot: string | undefined;
  user(request: FastifyRequest): Promise<SignedInUser | undefined>;
  send(
    reply: FastifyReply,
    user: SignedInUser | undefined,
    page: {
      readonly title: string;
      readonly body: (visit: { readonly user: SignedInUser | undefined; readonly csrf: string }) => HtmlValue;
      readonly notice?: string | undefined;
      readonly refreshS?: number | undefined;
    },
  ): FastifyReply;
}

/**
 * The pages for the people who run the shop (13.4): colours, imports, products. A scope of its own with forms, CSRF
 * tokens and its own errors; everything but signing in needs a signed-in employee.
 *
 * @example
 * await app.register(async (scope) => admin(scope, { shop, exchangeRoot: '/var/1c' }));
 */
export async function admin(
  scope: FastifyInstance,
  options: { readonly shop: Shop; readonly exchangeRoot: string | undefined },
): Promise<void> {
  await scope.register(formbody);
  await scope.register(csrfProtection, {
    sessionPlugin: '@fastify/cookie',
    cookieKey: 'freesport_admin_csrf',
    cookieOpts: { signed: true, httpOnly: true, sameSite: 'strict', path: '/admin/' },
    getToken: (request) => (request.body as { _csrf?: string } | undefined)?._csrf,
  });
  const files = new Assets({
    'shop.css': new URL('../storefront/assets/storefront.css', import.meta.url),
    'admin.css': new URL('./assets/admin.css', import.meta.url),
    'admin.js': new URL('./assets/admin.js', import.meta.url),
  });
  files.routes(scope);
  const assets: AdminAssets = {
    shopCss: files.url('shop.css'),
    css: files.url('admin.css'),
    js: files.url('admin.js'),
  };
  const pages: Admin = {
    ...options,
    user: async (request) => await signedInUser(options.shop.database, request),
    send: (reply, user, page) => {
      const visit = { user, csrf: reply.generateCsrf(), notice: page.notice };
      return securePage(reply).send(adminLayout(visit, assets, { ...page, body: page.body(visit) }).text);
    },
  };
  scope.setErrorHandler(async (error, request, reply) => {
    const { status, body } = errorAnswer(error);
    if (status >= 500) request.log.error({ err: error }, 'admin page failed');
    const user = status === 503 ? undefined : await pages.user(request);
    if (status === 403 && user === undefined && request.method === 'GET')
      return reply.redirect('/admin/login/', 303);
    return pages.send(reply.code(status), user, {
      title: `Ошибка / Error ${status}`,
      body: () =>
        html`<p class="notice bad" role="alert">${body.error.message}</p><p><a href="/admin/">FREESPORT admin</a></p>`,
    });
  });
  loginRoutes(scope, pages);
  adminRoutes(scope, pages);
}
