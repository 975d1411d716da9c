import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { authRoutes } from '../api/auth-routes.ts';
import { cartRoutes } from '../api/cart-routes.ts';
import { categoryRoutes } from '../api/category-routes.ts';
import { errorAnswer } from '../api/error-answer.ts';
import { healthRoutes } from '../api/health-routes.ts';
import { maintenanceMode } from '../api/maintenance.ts';
import { metrics } from '../api/metrics.ts';
import { orderRoutes } from '../api/order-routes.ts';
import { productRoutes } from '../api/product-routes.ts';
import type { Shop } from '../api/shop.ts';
import { CategoryTree } from '../catalogue/category-tree.ts';
import type { Database } from '../database/database.ts';
import { otherRelease, type SchemaOwner } from '../database/schema-guard.ts';
import { mediaRoutes } from '../html/media-routes.ts';
import type { ReleaseSettings, ShopRelease } from '../releases/shop-release.ts';
import { storefront } from '../storefront/storefront.ts';

/** What a server of the shop is put together from. */
export interface ServerOptions {
  readonly release: ShopRelease;
  readonly database: Database;
  /** Signs cookies. */
  readonly secret: string;
  readonly logger: FastifyBaseLogger;
  readonly maintenanceFlag?: string | undefined;
  /** Whose schema the database has; where it is another release's every route but the process's own health says 503. */
  readonly schemaOwner?: (() => SchemaOwner) | undefined;
  readonly settings?: ReleaseSettings | undefined;
}

/** The API and how to end it without dropping a request. */
export interface ShopServer {
  readonly app: FastifyInstance;
  /** From now on every answer closes its connection and readiness says 503; new requests are still answered. */
  drain(): void;
}

/**
 * The shop's HTTP server, ready for `app.listen` or `app.inject`.
 *
 * @example
 * const { app } = await shopServer({ release, database, secret, logger });
 * await app.listen({ port: 8000 });
 */
export async function shopServer(options: ServerOptions): Promise<ShopServer> {
  const { release, database, settings = {} } = options;
  const categories = new CategoryTree(database);
  const shop: Shop = { release, database, categories, catalogue: release.catalogue(database, categories) };
  const app = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 300 },
    // A request that arrives while the server closes is answered, not refused.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    bodyLimit: 256 * 1024,
    // Behind a proxy on this machine the visitor's address and scheme are the ones it forwards; nobody else is believed.
    trustProxy: 'loopback',
    ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array', allowUnionTypes: true } },
  });
  let draining = false;
  await app.register(cookie, { secret: options.secret, parseOptions: { path: '/', secure: 'auto' } });
  await app.register(rateLimit, { global: false });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'FREESPORT',
        version: release.version,
        description: 'The shop API, prices by the role of who asks.',
      },
    },
  });
  errorsAsJson(app);
  app.addHook('onSend', async (_request, reply) => {
    if (draining) void reply.header('connection', 'close');
  });
  accessLog(app);
  const maintenance = maintenanceMode(app, options.maintenanceFlag);
  serveOnlyOwnSchema(app, release, options.schemaOwner);
  metrics(app, shop);
  healthRoutes(app, shop, { maintenance, draining: () => draining });
  productRoutes(app, shop);
  categoryRoutes(app, shop);
  cartRoutes(app, shop);
  orderRoutes(app, shop);
  authRoutes(app, shop);
  await app.register(async (scope) => await storefront(scope, shop));
  await release.ownRoutes?.(app, shop, settings);
  await app.register(async (scope) => await mediaRoutes(scope, settings.mediaFolder), { prefix: '/media' });
  app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  return {
    app,
    drain: () => {
      draining = true;
    },
  };
}

/** Before any cache is asked: what was read of the release's own database is no answer for another. */
function serveOnlyOwnSchema(
  app: FastifyInstance,
  release: ShopRelease,
  schemaOwner: ServerOptions['schemaOwner'],
): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.worksUnderMaintenance === true || schemaOwner?.() !== 'other') return;
    const { status, body } = errorAnswer(otherRelease(release.version));
    await reply.code(status).header('retry-after', 1).send(body);
  });
}

function errorsAsJson(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = errorAnswer(error);
    if (status >= 500) request.log.error({ err: error }, 'request failed');
    if (status === 503) void reply.header('retry-after', 1);
    return reply.code(status).send(body);
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({
      error: { code: 'not-found', message: `nothing is served at ${request.method} ${request.url}` },
    }),
  );
}

/** One line a request, after its answer. */
function accessLog(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        url: request.url,
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime * 10) / 10,
      },
      'request',
    );
  });
}
