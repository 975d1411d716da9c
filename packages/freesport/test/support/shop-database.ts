import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { type TestCluster, testCluster } from 'pg-cluster/testing';
import { connectionSettings } from '../../src/database/connection-settings.ts';
import { migrate } from '../../src/database/migrate.ts';
import { migrationFiles } from '../../src/database/migration-files.ts';
import type { ReleaseVersion } from '../../src/release.ts';
import { seedShop } from '../../src/seed/seed-shop.ts';
import { installWorkerSchema } from '../../src/worker/install-worker-schema.ts';

export const SMALL_SHOP = { users: 60, orders: 300, carts: 40, products: 120, seed: 7 };

const bin = fileURLToPath(new URL('../../bin/freesport.ts', import.meta.url));

/** A cluster whose current database the environment of this process names. */
export class ShopDatabases {
  readonly cluster: TestCluster;

  constructor(cluster: TestCluster) {
    this.cluster = cluster;
  }

  static async open(): Promise<ShopDatabases> {
    return new ShopDatabases(await testCluster());
  }

  /** An empty database (or a clone), which PG* of this process name from now on. */
  async create(template?: string): Promise<string> {
    const address = await this.cluster.createDatabase(template === undefined ? {} : { template });
    this.use(address.database);
    return address.database;
  }

  use(database: string): void {
    const { host, port, user, passwordFile } = this.cluster.address(database);
    Object.assign(process.env, {
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGDATABASE: database,
      PGPASSFILE: passwordFile,
    });
  }

  /** A seeded legacy shop at `version`; for 13.4 flushed and filled with variants of the same SKUs. */
  async shop(version: ReleaseVersion): Promise<string> {
    const database = await this.create();
    await withDatabase(async (client) => {
      await migrate(client, migrationFiles('13.3'));
      await seedShop(client, SMALL_SHOP);
      if (version === '13.4') {
        await migrate(client, migrationFiles('13.4'));
        await replaceByVariants(client);
      }
    });
    await installWorkerSchema();
    return database;
  }

  async release(): Promise<void> {
    await this.cluster.release();
  }
}

/** One connection to the database that the environment names. */
export async function withDatabase<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(connectionSettings('freesport-command'));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Rows of one statement in the database that the environment names. */
export async function rows<R extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
  return await withDatabase(async (client) => (await client.query<R>(text, values)).rows);
}

/** MD5 of every row in order, with every column: equal only where the rows are byte for byte the same. */
export async function digests(tables: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const table of tables) {
    const [row] = await rows<{ digest: string }>(
      `SELECT count(*) || ':' || coalesce(md5(string_agg(t::text, E'\\n' ORDER BY id)), '') AS digest FROM ${table} t`,
    );
    found[table] = row?.digest ?? '';
  }
  return found;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a management command as its users do. */
export async function freesport(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [bin, ...argv], {
    cwd: path.dirname(bin),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** What an import would leave of the seeded SKUs: goods of up to four variants, colour and size from the legacy row. */
async function replaceByVariants(client: pg.Client): Promise<void> {
  await client.query(`
    CREATE TEMP TABLE was AS SELECT s.id, s.onec_id, s.parent_onec_id, s.sku, s.name, p.category_id, p.brand_id,
      p.specifications FROM sku_identities s JOIN products p ON p.id = s.id WHERE s.parent_onec_id IS NOT NULL;
    TRUNCATE products, product_images, product_variants, product_properties, variant_prices, variant_stocks, variant_properties;
    INSERT INTO products (name, slug, description, onec_id, category_id, brand_id, is_active, base_images)
    SELECT min(split_part(name, ' р. ', 1)), 'good-' || min(id), 'Описание', parent_onec_id, min(category_id), min(brand_id),
      true, '["goods/1.jpg"]' FROM was GROUP BY parent_onec_id ORDER BY min(id);
    INSERT INTO product_variants (product_id, sku_identity_id, sku, onec_id, name, color_name, size_value, retail_price,
      opt1_price, stock_quantity, main_image, gallery_images)
    SELECT p.id, w.id, w.sku, w.onec_id, w.name, w.specifications->>'Цвет', w.specifications->>'Размер', 1000 + w.id, 900 + w.id,
      10, 'variants/' || w.id || '.jpg', '[]' FROM was w JOIN products p ON p.onec_id = w.parent_onec_id ORDER BY w.id;
    DROP TABLE was;`);
}
