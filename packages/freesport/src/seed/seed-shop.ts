import type pg from 'pg';
import { LegacySkuStore } from '../catalogue/legacy/legacy-sku-store.ts';
import { asQueryable } from '../database/database.ts';
import { ShopError } from '../errors.ts';
import { insertMadeUpSkus } from './insert-made-up-skus.ts';
import { insertSkus } from './insert-skus.ts';
import { ordersSql } from './orders-sql.ts';
import { peopleSql } from './people-sql.ts';
import type { SeedCounts, SeedOptions } from './seed-options.ts';
import { skusFromExchange } from './skus-from-exchange.ts';
import { withoutIndexes } from './without-indexes.ts';

/** Filled by the seed, parents first. */
const TABLES = [
  'users',
  'companies',
  'addresses',
  'brands',
  'categories',
  'price_types',
  'products',
  'product_images',
  'orders',
  'order_items',
  'carts',
  'cart_items',
  'favorites',
] as const;

/**
 * Fills an empty database of 13.3 with a shop: users of every role, the catalogue (one product a SKU), orders of two
 * years, carts and favourites. All in one transaction and by sets: a million orders take less than a minute.
 *
 * @throws ShopError `refused` where the database already has users or products, or is not of 13.3.
 * @example
 * const counts = await seedShop(client, { users: 1000, orders: 20_000, carts: 500, products: 1000, seed: 1 });
 */
export async function seedShop(
  client: pg.Client,
  options: SeedOptions,
  say: (line: string) => void = () => undefined,
): Promise<SeedCounts> {
  // Read before the transaction: a broken exchange changes nothing.
  const skus = options.exchange === undefined ? undefined : await skusFromExchange(options.exchange);
  await refuseUnlessEmptyLegacy(client);
  await client.query('BEGIN');
  try {
    await client.query(pickFunction(options.seed));
    await withoutIndexes(client, TABLES, async () => {
      await client.query(peopleSql(options));
      say(`${options.users} users`);
      if (skus === undefined) await insertMadeUpSkus(client, options.products);
      else await insertSkus(client, skus);
      await client.query(ordersSql(options));
      say(`${options.orders} orders, ${options.carts} carts`);
    });
    await continueSequences(client);
    await new LegacySkuStore().refreshReserved(asQueryable(client));
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
  await client.query('ANALYZE');
  return await countRows(client);
}

async function refuseUnlessEmptyLegacy(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ legacy: boolean }>(
    `SELECT count(*) = 1 AS legacy FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = 'products' AND column_name = 'retail_price'`,
  );
  if (rows[0]?.legacy !== true) {
    throw new ShopError(
      'refused',
      'seed makes a shop of 13.3 and this database has not its tables; run migrate --target 13.3 first',
    );
  }
  const used = await client.query<{ used: boolean }>(
    'SELECT EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM products) AS used',
  );
  if (used.rows[0]?.used === true) {
    throw new ShopError(
      'refused',
      'this database already has users or products; seed only fills an empty one. Nothing was changed.',
    );
  }
}

/** `pg_temp.pick(i, salt, n)`: a number below n that depends on the row, the salt and the seed and on nothing else. */
function pickFunction(seed: number): string {
  return `CREATE OR REPLACE FUNCTION pg_temp.pick(i bigint, salt integer, n bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT (hashint8extended(i, salt + ${Math.trunc(seed)} * 1000003) & 9223372036854775807) % n $$`;
}

/** Ids are given explicitly, so the sequences have to follow. */
async function continueSequences(client: pg.Client): Promise<void> {
  for (const table of TABLES) {
    await client.query(
      `SELECT setval(pg_get_serial_sequence('${table}', 'id'), greatest((SELECT coalesce(max(id), 0) FROM ${table}), 1))`,
    );
  }
}

async function countRows(client: pg.Client): Promise<SeedCounts> {
  const { rows } = await client.query<SeedCounts>(
    `SELECT ${TABLES.map((table) => `(SELECT count(*)::int FROM ${table}) AS ${table}`).join(', ')}`,
  );
  return rows[0] ?? {};
}
