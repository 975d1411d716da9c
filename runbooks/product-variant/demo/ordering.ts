import { Worker } from 'node:worker_threads';

/** An order that a customer asked for, and the shop's answer. Times in ms since the epoch. */
export interface AskedOrder {
  /** As the shop acknowledged it; null where the SKU was sold out. */
  readonly number: string | null;
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
}

/** What the customers of a demo are told. */
export interface OrderingOptions {
  readonly baseUrl: string;
  readonly skuIds: readonly number[];
  readonly customers: number;
  readonly ordersPerSecond: number;
}

/** Customers who order until they are told to stop. */
export interface Ordering {
  /** Lets every order under way come to its end. */
  stop(): Promise<readonly AskedOrder[]>;
}

/**
 * Customers who order all the time, on a thread of their own: what they wait for is the shop and not the demo. Each
 * asks again with the same idempotency key until the shop acknowledges the order.
 *
 * @example
 * const ordering = startOrdering({ baseUrl, skuIds, customers: 4, ordersPerSecond: 8 });
 * const orders = await ordering.stop();
 */
export function startOrdering(options: OrderingOptions): Ordering {
  const worker = new Worker(new URL('./ordering-thread.ts', import.meta.url), { workerData: options });
  const done = new Promise<readonly AskedOrder[]>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the customers ended without telling their orders')));
  });
  done.catch(() => undefined); // Told to whoever stops them.
  return {
    stop: () => {
      worker.postMessage('stop');
      return done;
    },
  };
}

/**
 * The longest that a customer waited for an answer in this span, from asking for the order on.
 *
 * @example longestWaitMs(orders, { fromMs, toMs })
 */
export function longestWaitMs(
  orders: readonly AskedOrder[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): number | null {
  const waits = orders
    .filter(({ askedAtMs, answeredAtMs }) => answeredAtMs >= fromMs && askedAtMs <= toMs)
    .map(({ askedAtMs, answeredAtMs }) => Math.round(answeredAtMs - askedAtMs));
  return waits.length === 0 ? null : Math.max(...waits);
}
