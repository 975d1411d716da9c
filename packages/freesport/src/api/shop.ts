import type { Catalogue } from '../catalogue/catalogue.ts';
import type { CategoryTree } from '../catalogue/category-tree.ts';
import type { Database } from '../database/database.ts';
import type { ShopRelease } from '../releases/shop-release.ts';

/** What the routes of one running API share. */
export interface Shop {
  readonly release: ShopRelease;
  readonly database: Database;
  readonly catalogue: Catalogue;
  readonly categories: CategoryTree;
}
