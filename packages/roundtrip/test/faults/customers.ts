import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { ToyStage } from './toy-stage.ts';

/** What customers do in the hours after the switch: new orders, one of an SKU that the old schema has never seen, a change, a removal. */
export async function customersWrite(stage: ToyStage): Promise<void> {
  await stage.cluster.query(
    `INSERT INTO identities VALUES (77, 'born after the switch');
     INSERT INTO orders (total) SELECT 1000 + n FROM generate_series(1, 20) n;
     INSERT INTO order_items (order_id, product_id, price) SELECT o.id, CASE WHEN o.id % 5 = 0 THEN 77 ELSE 1 END, o.total FROM orders o WHERE o.total > 1000;
     UPDATE orders SET total = 4.99 WHERE id = 4;
     DELETE FROM order_items WHERE id = 50;`,
    [],
    'toy',
  );
}

/** A customer who orders all the time, reconnecting by the database's name. */
export interface Ordering {
  /** Ids of the orders that PostgreSQL acknowledged. */
  readonly acknowledged: readonly string[];
  /** Waits for so many further orders. */
  more(count: number): Promise<void>;
  /** Longest time between two acknowledged orders. */
  longestGapMs(): number;
  stop(): Promise<void>;
}

const PAUSE_MS = 5;

/** Orders every few milliseconds until it is stopped; an order that is not acknowledged is tried again. */
export function keepOrdering(stage: ToyStage): Ordering {
  const acknowledged: string[] = [];
  const times: number[] = [];
  let stopped = false;
  const { host, port, user } = stage.cluster.address('toy');
  const order = async (): Promise<void> => {
    const client = new pg.Client({ host, port, user, database: 'toy', password: stage.cluster.password });
    client.on('error', () => undefined);
    try {
      await client.connect();
      while (!stopped) {
        const { rows } = await client.query<{ id: string }>(
          `WITH o AS (INSERT INTO orders (total) VALUES (7) RETURNING id), i AS (INSERT INTO order_items (order_id, product_id, price) SELECT id, 1, 7 FROM o)
           SELECT id::text FROM o`,
        );
        acknowledged.push(String(rows[0]?.id));
        times.push(performance.now());
        await delay(PAUSE_MS);
      }
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  const working = (async () => {
    while (!stopped) {
      // Ended by the fence, or turned away by it: the order was not acknowledged.
      await order().catch(() => delay(PAUSE_MS));
    }
  })();
  return {
    acknowledged,
    more: async (count) => {
      const enough = acknowledged.length + count;
      for (const deadline = Date.now() + 60_000; acknowledged.length < enough; await delay(PAUSE_MS)) {
        if (Date.now() > deadline) throw new Error(`only ${acknowledged.length} of ${enough} orders`);
      }
    },
    longestGapMs: () => Math.round(Math.max(...times.map((time, n) => time - (times[n - 1] ?? time)))),
    stop: async () => {
      stopped = true;
      await working;
    },
  };
}
