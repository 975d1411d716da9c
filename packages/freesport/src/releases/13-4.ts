import { admin } from '../admin/admin.ts';
import { VariantCatalogue } from '../catalogue/variants/variant-catalogue.ts';
import { VariantSkuStore } from '../catalogue/variants/variant-sku-store.ts';
import type { ShopRelease } from './shop-release.ts';

/** Release 13.4: a product has variants. */
export const shopRelease: ShopRelease = {
  version: '13.4',
  hasVariants: true,
  catalogue: (database, tree) => new VariantCatalogue(database, tree),
  skus: new VariantSkuStore(),
  admin,
};
