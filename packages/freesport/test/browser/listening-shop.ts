import type { AddressInfo } from 'node:net';
import type { ReleaseSettings } from '../../src/releases/shop-release.ts';
import { rows, ShopDatabases } from '../support/shop-database.ts';
import { type TestServer, testServer } from '../support/test-server.ts';

/** The shop 13.4 over a seeded database, on a port of this machine. */
export interface ListeningShop {
  readonly origin: string;
  readonly server: TestServer;
  close(): Promise<void>;
}

/** Enough stock to buy, no one else's reservations, and no names of pictures that no folder has. */
export async function listeningShop(settings?: ReleaseSettings): Promise<ListeningShop> {
  const databases = await ShopDatabases.open();
  await databases.shop('13.4');
  await rows(`UPDATE product_variants SET stock_quantity = 5, reserved_quantity = 0, main_image = ''`);
  await rows(`UPDATE products SET base_images = '[]'`);
  const server = await testServer('13.4', settings === undefined ? {} : { settings });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.app.server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    server,
    close: async () => {
      await server.close();
      await databases.release();
    },
  };
}

/** A product of ten colours and ten sizes; the red ones in size 45 are sold out, the seventh colour has no swatch. */
export async function addHundredVariants(): Promise<string> {
  await rows(
    `INSERT INTO sku_identities (onec_id, sku, name) SELECT 'hundred#' || n, 'H-' || n, 'Кроссовки ' || n FROM generate_series(0, 99) n`,
  );
  await rows(
    `INSERT INTO products (name, slug, description, onec_id, category_id, is_active, base_images)
     SELECT 'Кроссовки на сто вариантов', 'hundred', 'Десять цветов, десять размеров.', 'hundred', min(id), true, '[]' FROM categories`,
  );
  await rows(
    `INSERT INTO product_variants (product_id, sku_identity_id, sku, onec_id, name, color_name, size_value, retail_price, stock_quantity)
     SELECT p.id, s.id, s.sku, s.onec_id, s.name,
       (ARRAY['Белый','Черный','Красный','Синий','Зеленый','Желтый','Морская волна','Розовый','Серый','Бежевый'])[1 + n / 10],
       (36 + n % 10)::text, 4990 + n, CASE WHEN n = 29 THEN 0 ELSE 5 END
     FROM generate_series(0, 99) n JOIN sku_identities s ON s.onec_id = 'hundred#' || n JOIN products p ON p.slug = 'hundred'`,
  );
  return '/product/hundred/';
}
