import type { FastifyInstance } from 'fastify';
import type { TaskList } from 'graphile-worker';
import type { Logger } from 'pino';
import type { Shop } from '../api/shop.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { CategoryTree } from '../catalogue/category-tree.ts';
import type { Database, Queryable } from '../database/database.ts';
import type { SkuStore } from '../orders/sku-store.ts';
import type { ReleaseVersion } from '../release.ts';
import type { OnecExchangeSettings } from '../service/onec-exchange-settings.ts';

/** What a release's own pages and jobs may need of the machine they run on. */
export interface ReleaseSettings {
  /** Folder of exchanges that the admin offers to import. */
  readonly exchangeRoot?: string | undefined;
  /** Pictures of products. */
  readonly mediaFolder?: string | undefined;
  readonly onecExchange?: OnecExchangeSettings | undefined;
}

/**
 * What differs between releases, put together in one place each (`13-3.ts`, `13-4.ts`); everything else is shared.
 *
 * @example
 * const release = await loadRelease('13.4');
 * const catalogue = release.catalogue(database, tree);
 */
export interface ShopRelease {
  readonly version: ReleaseVersion;
  /** Whether a product's page has variants, which decides its schema. */
  readonly hasVariants: boolean;
  catalogue(database: Queryable, tree: CategoryTree): Catalogue;
  readonly skus: SkuStore;
  /** Adds routes that only this release has, each in a scope of its own. */
  readonly ownRoutes?: (app: FastifyInstance, shop: Shop, settings: ReleaseSettings) => Promise<void>;
  /** Jobs that only this release has. */
  readonly ownTasks?: (worker: {
    readonly database: Database;
    readonly logger: Logger;
    readonly settings: ReleaseSettings;
  }) => TaskList;
}
