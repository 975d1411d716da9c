import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PrivateCluster } from 'pg-cluster';

/** An order whose commit the server has confirmed to its client. */
export interface Acknowledged {
  readonly writer: number;
  readonly id: number;
  readonly number: string;
  /** Milliseconds since 1970, finer than `Date.now()`. */
  readonly atMs: number;
  readonly tookMs: number;
}

export interface WriterOptions {
  readonly clients: number;
  readonly periodMs: number;
  /** Of the order numbers, so that no two writers of one shop make the same. */
  readonly prefix: string;
  readonly connection: Readonly<Record<'host' | 'user' | 'password' | 'database', string>> & {
    readonly port: number;
  };
  readonly users: readonly number[];
  readonly products: readonly number[];
}

export interface Writers {
  readonly clients: number;
  readonly periodMs: number;
  /** What was acknowledged since the last call. */
  take(): Promise<readonly Acknowledged[]>;
  /** Ends them; returns the last that was acknowledged. */
  stop(): Promise<readonly Acknowledged[]>;
}

/** Orders a second of all clients together; a little above the 300 that are asked for. */
const ORDERS_PER_SECOND = 330;

/** Clients who place orders (one transaction: an order and three items) at a steady pace, and connect again when cut off. */
export async function startWriters(
  cluster: PrivateCluster,
  { database, clients, prefix }: { readonly database: string } & Pick<WriterOptions, 'clients' | 'prefix'>,
): Promise<Writers> {
  const ids = async (table: string): Promise<number[]> => {
    const { rows } = await cluster.query(
      `SELECT id::int AS id FROM ${table} ORDER BY id LIMIT 999`,
      [],
      database,
    );
    return rows.map((row: { id: number }) => row.id);
  };
  const periodMs = (clients * 1000) / ORDERS_PER_SECOND;
  const { host, port, user } = cluster.address(database);
  const workerData: WriterOptions = {
    clients,
    periodMs,
    prefix,
    connection: { host, port, user, password: cluster.password, database },
    users: await ids('users'),
    products: await ids('products'),
  };
  const worker = new Worker(new URL('./switch-writer-thread.ts', import.meta.url), { workerData });
  const ask = async (message: 'take' | 'stop'): Promise<readonly Acknowledged[]> => {
    const answer = once(worker, 'message');
    worker.postMessage(message);
    return (await answer)[0] as Acknowledged[];
  };
  return { clients, periodMs, take: () => ask('take'), stop: () => ask('stop') };
}

/** Longest time between two acknowledgements of one client, less its pace; the worst client's. */
export function longestGapMs(acknowledged: readonly Acknowledged[], writers: Writers): number {
  const gaps = Array.from({ length: writers.clients }, (_, writer) => {
    const times = acknowledged.filter((each) => each.writer === writer).map(({ atMs }) => atMs);
    // A client that never came back must not look like one without a gap.
    if (times.length < 2) return Number.POSITIVE_INFINITY;
    return Math.max(...times.slice(1).map((atMs, index) => atMs - (times[index] ?? atMs)));
  });
  return Math.max(0, Math.max(...gaps) - writers.periodMs);
}

/** The 95th percentile of the time that an order took. */
export function p95Ms(acknowledged: readonly Acknowledged[]): number {
  const sorted = acknowledged.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN;
}

/** How many acknowledged orders are not in the database, with their number and three items. */
export async function countLost(
  cluster: PrivateCluster,
  database: string,
  acknowledged: readonly Acknowledged[],
): Promise<number> {
  const { rows } = await cluster.query(
    `SELECT count(*)::int AS lost FROM unnest($1::bigint[], $2::text[]) a (id, number)
     WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = a.id AND o.order_number = a.number)
       OR (SELECT count(*) FROM order_items i WHERE i.order_id = a.id) <> 3`,
    [acknowledged.map(({ id }) => id), acknowledged.map(({ number }) => number)],
    database,
  );
  return rows[0].lost;
}
