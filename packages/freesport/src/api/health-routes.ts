import type { FastifyInstance } from 'fastify';
import { missingMigrations, type SchemaDifference } from '../database/missing-migrations.ts';
import { ShopError } from '../errors.ts';
import type { Maintenance } from './maintenance.ts';
import type { Shop } from './shop.ts';

/**
 * `GET /api/health/` says that the process lives and what it is; `GET /api/health/ready/` that it can sell: the database
 * answers and has the schema of this release. Both answer under maintenance.
 *
 * @example
 * healthRoutes(app, shop, { maintenance, draining: () => false });
 */
export function healthRoutes(
  app: FastifyInstance,
  shop: Shop,
  state: { readonly maintenance: Maintenance; readonly draining: () => boolean },
): void {
  const config = { worksUnderMaintenance: true };
  const schema = { hide: true };

  app.get('/api/health/', { config, schema }, async () => ({
    status: 'ok',
    release: shop.release.version,
    pid: process.pid,
    maintenance: state.maintenance.isOn(),
    in_flight: state.maintenance.inFlight(),
  }));

  app.get('/api/health/ready/', { config, schema }, async (_request, reply) => {
    if (state.draining()) return reply.code(503).send({ status: 'stopping', release: shop.release.version });
    const missing = await missingMigrations(shop.database, shop.release.version).catch(differenceOf);
    if (missing.missing.length > 0 || missing.unknown.length > 0) {
      return reply.code(503).send({ status: 'schema-differs', release: shop.release.version, ...missing });
    }
    return { status: 'ready', release: shop.release.version };
  });
}

/** A session that was not admitted says how the schema differs; any other error is one. */
function differenceOf(error: unknown): SchemaDifference {
  const { missing, unknown } = error instanceof ShopError ? error.details : {};
  if (Array.isArray(missing) && Array.isArray(unknown)) return { missing, unknown };
  throw error;
}
