import { admin } from '../admin/admin.ts';
import { VariantCatalogue } from '../catalogue/variants/variant-catalogue.ts';
import { VariantSkuStore } from '../catalogue/variants/variant-sku-store.ts';
import { importTask, onecExchangePlugin, onecExchangeTasks } from '../onec/index.ts';
import type { ShopRelease } from './shop-release.ts';

/** Release 13.4: a product has variants, 1C is imported, and people run it from the admin. */
export const shopRelease: ShopRelease = {
  version: '13.4',
  hasVariants: true,
  catalogue: (database, tree) => new VariantCatalogue(database, tree),
  skus: new VariantSkuStore(),
  ownRoutes: async (app, shop, settings) => {
    await app.register(async (scope) => await admin(scope, { shop, exchangeRoot: settings.exchangeRoot }));
    if (settings.onecExchange === undefined) return;
    await app.register(onecExchangePlugin, {
      prefix: '/1c-exchange',
      database: shop.database,
      mediaFolder: settings.mediaFolder,
      ...settings.onecExchange,
    });
  },
  ownTasks: ({ database, logger, settings }) => ({
    import_products: importTask(logger),
    ...(settings.onecExchange === undefined
      ? {}
      : onecExchangeTasks({
          database,
          logger,
          folder: settings.onecExchange.folder,
          mediaFolder: settings.mediaFolder,
        })),
  }),
};
