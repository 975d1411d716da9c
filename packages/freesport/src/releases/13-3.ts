import { LegacyCatalogue } from '../catalogue/legacy/legacy-catalogue.ts';
import { LegacySkuStore } from '../catalogue/legacy/legacy-sku-store.ts';
import type { ShopRelease } from './shop-release.ts';

/** Release 13.3: every SKU is a product. */
export const shopRelease: ShopRelease = {
  version: '13.3',
  hasVariants: false,
  catalogue: (database, tree) => new LegacyCatalogue(database, tree),
  skus: new LegacySkuStore(),
};
