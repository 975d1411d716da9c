import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createCluster, type PrivateCluster } from 'pg-cluster';

/** A shop with customers who order all the time, and the files that the command line takes. */
export interface Stage {
  /** What `roundtrip` is started with: targets and state. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends the customers: orders acknowledged to them, how many of those are not there, the longest wait for the next. */
  settle(): Promise<{ readonly placed: number; readonly lost: number; readonly waitMsMax: number }>;
  close(): Promise<void>;
}

const SHOP = `
  CREATE TABLE products (id int PRIMARY KEY, price double precision NOT NULL);
  CREATE TABLE orders (id bigserial PRIMARY KEY, placed_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE order_items (
    order_id bigint REFERENCES orders, product_id int REFERENCES products, quantity int NOT NULL,
    PRIMARY KEY (order_id, product_id));
  INSERT INTO products SELECT n, n * 1.37 FROM generate_series(1, 5000) n;
  INSERT INTO orders (placed_at) SELECT now() - n * interval '1 minute' FROM generate_series(1, 200000) n;
  INSERT INTO order_items SELECT n, 1 + (n * 7 + i) % 5000, 1 + i FROM generate_series(1, 200000) n, generate_series(0, 2) i;
  ANALYZE`;
const ORDER = `
  WITH o AS (INSERT INTO orders DEFAULT VALUES RETURNING id),
       i AS (INSERT INTO order_items SELECT id, 1 + id % 5000, 1 FROM o)
  SELECT id::text FROM o`;
const PACE_MS = 20;

/** @example const stage = await openStage(); try { … } finally { await stage.close(); } */
export async function openStage(): Promise<Stage> {
  const cluster = await createCluster({ name: 'picture' });
  await cluster.query('CREATE DATABASE shop');
  await cluster.query(SHOP, [], 'shop');
  const folder = mkdtempSync(path.join(tmpdir(), 'picture-'));
  const target = { database: cluster.address('shop'), settings: {} };
  const targets = path.join(folder, 'targets.json');
  writeFileSync(
    targets,
    JSON.stringify({
      production: { ...target, environment: 'production', staging: 'staging' },
      staging: { ...target, environment: 'staging', database: cluster.address('shop_staging') },
    }),
  );
  const stopping = new AbortController();
  const ordering = keepOrdering(cluster, stopping.signal);
  return {
    environment: { ROUNDTRIP_TARGETS: targets, ROUNDTRIP_STATE: path.join(folder, 'state') },
    async settle() {
      stopping.abort();
      const { placed, waitMsMax } = await ordering;
      const { rows } = await cluster.query(
        'SELECT count(*)::int AS lost FROM unnest($1::bigint[]) AS a (id) WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = a.id)',
        [placed],
        'shop',
      );
      return { placed: placed.length, lost: (rows[0] as { lost: number }).lost, waitMsMax };
    },
    async close() {
      stopping.abort();
      await ordering;
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Ids of the orders that PostgreSQL acknowledged. One that the fence cut off was not: it is placed again. */
async function keepOrdering(
  cluster: PrivateCluster,
  stopping: AbortSignal,
): Promise<{ readonly placed: readonly string[]; readonly waitMsMax: number }> {
  const placed: string[] = [];
  let waitMsMax = 0;
  let lastAt = performance.now();
  const { host, port, user } = cluster.address('shop');
  while (!stopping.aborted) {
    const client = new pg.Client({ host, port, user, database: 'shop', password: cluster.password });
    client.on('error', () => undefined);
    try {
      await client.connect();
      while (!stopping.aborted) {
        const { rows } = await client.query<{ id: string }>(ORDER);
        placed.push(String(rows[0]?.id));
        waitMsMax = Math.max(waitMsMax, performance.now() - lastAt);
        lastAt = performance.now();
        await sleep(PACE_MS);
      }
    } catch {
      await sleep(PACE_MS);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  return { placed, waitMsMax };
}
