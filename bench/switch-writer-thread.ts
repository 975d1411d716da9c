/** The clients of `startWriters`, on a thread of their own: what the switch does must not delay what is measured. */
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';
import type { Acknowledged, WriterOptions } from './switch-writers.ts';

/** A client that is turned away tries again after this long. */
const RETRY_MS = 25;
const ORDER = `WITH placed AS (
    INSERT INTO orders (order_number, user_id, total_amount) VALUES ($1, $2, 30) RETURNING id
  ), lines AS (
    INSERT INTO order_items (order_id, product_id, quantity, unit_price, total_price, product_name, product_sku)
    SELECT placed.id, product, 1, 10, 10, 'bench', 'bench' FROM placed, unnest($3::bigint[]) product
  ) SELECT id FROM placed`;

const options = workerData as WriterOptions;
let acknowledged: Acknowledged[] = [];
let made = 0;
const stop = new AbortController();

parentPort?.on('message', async (message: 'take' | 'stop') => {
  if (message === 'stop') {
    stop.abort();
    await running;
  }
  parentPort?.postMessage(acknowledged);
  acknowledged = [];
  if (message === 'stop') parentPort?.close();
});

const running = Promise.all(
  Array.from({ length: options.clients }, (_, writer) => writeUntilStopped(writer)),
);

async function writeUntilStopped(writer: number): Promise<void> {
  // Spread over the period, as clients are.
  await delay((writer / options.clients) * options.periodMs);
  while (!stop.signal.aborted) {
    const client = new pg.Client({ ...options.connection, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await placeOrders(client, writer);
    } catch {
      // Cut off or turned away: what was not acknowledged does not count, and is looked for nowhere.
      await delay(RETRY_MS);
    } finally {
      // Cut off while connecting, a client may never report its end; nothing of the measurement waits for it.
      client.end().catch(() => undefined);
    }
  }
}

async function placeOrders(client: pg.Client, writer: number): Promise<void> {
  let dueMs = performance.now();
  while (!stop.signal.aborted) {
    made += 1;
    const number = `${options.prefix}-${made}`;
    const startedMs = performance.now();
    const { rows } = await client.query<{ id: string }>({
      name: 'order',
      text: ORDER,
      values: [number, pick(options.users, made), [0, 1, 2].map((n) => pick(options.products, made * 3 + n))],
    });
    const atMs = performance.now();
    const id = Number(rows[0]?.id);
    acknowledged.push({ writer, id, number, atMs: performance.timeOrigin + atMs, tookMs: atMs - startedMs });
    dueMs = Math.max(dueMs + options.periodMs, atMs);
    await delay(dueMs - atMs);
  }
}

function pick(ids: readonly number[], n: number): number {
  return ids[n % ids.length] ?? 0;
}
