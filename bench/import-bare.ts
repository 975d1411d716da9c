import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { exchangeSize } from 'commerceml';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import {
  planReadings,
  STAGING_TABLES,
  stageExchange,
  stagingDdl,
} from '../packages/freesport/src/onec/staging/index.ts';
import type { ImportTarget } from './import-database.ts';

/** What the same rows cost without anything round them. */
export interface BareImport {
  /** COPY of ready bytes into unlogged tables, on two connections. */
  readonly copyMs: number;
  /** One INSERT … SELECT … ON CONFLICT a table, into the tables with their indexes and foreign keys. */
  readonly mergeMs: number;
}

/** Stages the exchange once to get its rows as COPY text, then times only COPY and merge of them. */
export async function bareImport(target: ImportTarget, source: string): Promise<BareImport> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-bare-'));
  const clients = [new pg.Client(target.connection), new pg.Client(target.connection)];
  try {
    for (const client of clients) await client.connect();
    const [client] = clients;
    if (client === undefined) throw new Error('no connection');
    for (const statement of stagingDdl()) await client.query(statement);
    const request = {
      source,
      mode: 'full',
      brandPropertyIds: [],
      knownColors: [],
      knownPriceTypes: [],
      knownWarehouses: [],
      knownGroups: [],
    } as const;
    const bytes = await exchangeSize(source);
    await stageExchange({
      requests: await planReadings(request, { bytes }),
      clients,
      onProgress: () => undefined,
    });
    const tables = STAGING_TABLES.map(({ name }) => name);
    for (const table of tables) {
      await pipeline(
        client.query(copyTo(`COPY onec_staging.${table} TO STDOUT`)),
        createWriteStream(path.join(folder, table)),
      );
    }
    for (const statement of stagingDdl()) await client.query(statement);
    const copyMs = await timed(async () => {
      const waiting = [...tables].sort((a, b) => Number(b === 'offers') - Number(a === 'offers'));
      await Promise.all(
        clients.map(async (copier) => {
          for (let table = waiting.shift(); table !== undefined; table = waiting.shift()) {
            const stream = copier.query(copyFrom(`COPY onec_staging.${table} FROM STDIN`));
            await pipeline(
              createReadStream(path.join(folder, table), { highWaterMark: 1024 * 1024 }),
              stream,
            );
          }
        }),
      );
    });
    await client.query(`INSERT INTO categories (name, slug) VALUES ('c', 'c')`);
    await client.query(`INSERT INTO warehouses (onec_id, name) VALUES ('w0', 'w0'), ('w1', 'w1')`);
    await client.query(`ANALYZE; SET work_mem = '256MB'; SET jit = off`);
    const mergeMs = await timed(async () => {
      await client.query('BEGIN');
      for (const statement of MERGE) await client.query(statement);
      await client.query('COMMIT');
    });
    return { copyMs, mergeMs };
  } finally {
    for (const client of clients) {
      client.end();
      await once(client, 'end');
    }
    await rm(folder, { recursive: true, force: true });
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

const MERGE = [
  `INSERT INTO products (onec_id, name, slug, description, article, base_images, vat_rate, category_id)
   SELECT id, left(name, 300), slug || '-' || ord, coalesce(description, ''), coalesce(article, ''), images, vat, 1
   FROM onec_staging.goods ON CONFLICT (onec_id) DO NOTHING`,
  `INSERT INTO sku_identities (onec_id, parent_onec_id, name, sku)
   SELECT id, good_id, left(name, 300), 'SKU-' || md5(id) FROM onec_staging.offers ON CONFLICT (onec_id) DO NOTHING`,
  'ANALYZE products, sku_identities',
  `INSERT INTO product_variants (onec_id, product_id, sku_identity_id, sku, name, color_name, size_value, retail_price,
     opt1_price, opt2_price, opt3_price, trainer_price, rrp, stock_quantity, is_active)
   SELECT o.id, pr.id, s.id, s.sku, o.name, coalesce(o.color, ''), coalesce(o.size, ''),
     o.p0, o.p1, o.p2, o.p3, o.p4, o.p5, coalesce(o.q0, 0) + coalesce(o.q1, 0), NOT o.deleted
   FROM onec_staging.offers o JOIN products pr ON pr.onec_id = o.good_id JOIN sku_identities s ON s.onec_id = o.id
   ON CONFLICT (onec_id) DO UPDATE SET retail_price = excluded.retail_price, stock_quantity = excluded.stock_quantity`,
  'ANALYZE product_variants',
  `INSERT INTO variant_stocks (variant_id, warehouse_id, quantity)
   SELECT v.id, w.id, w.quantity FROM onec_staging.offers o JOIN product_variants v ON v.onec_id = o.id
     CROSS JOIN LATERAL (VALUES (1, o.q0), (2, o.q1)) AS w (id, quantity) WHERE w.quantity > 0
   ON CONFLICT (variant_id, warehouse_id) DO UPDATE SET quantity = excluded.quantity`,
];
