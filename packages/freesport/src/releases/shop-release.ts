import type { FastifyInstance } from 'fastify';
import type { Shop } from '../api/shop.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { CategoryTree } from '../catalogue/category-tree.ts';
import type { Queryable } from '../database/database.ts';
import type { SkuStore } from '../orders/sku-store.ts';
import type { ReleaseVersion } from '../release.ts';

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
  /** Adds the pages for the people who run the shop, in the releases that have them. */
  readonly admin?: (
    scope: FastifyInstance,
    options: { shop: Shop; exchangeRoot: string | undefined },
  ) => Promise<void>;
}
