import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { PrivateCluster } from 'pg-cluster';

export interface InsistentWriters {
  /** Ids of orders whose INSERT was acknowledged, so far. */
  readonly acknowledged: readonly number[];
  /** Longest time since the start, or since the last call, in which a writer got no acknowledgement. */
  longestGapMs(): number;
  stop(): Promise<void>;
}

/** Superusers who place orders without pause, and connect again whenever they are cut off or turned away. */
export function insistentWriters(cluster: PrivateCluster, database: string, count: number): InsistentWriters {
  const done = new AbortController();
  const acknowledged: number[] = [];
  const gaps = Array.from({ length: count }, () => ({ longest: 0, last: performance.now() }));
  const write = async (gap: { longest: number; last: number }): Promise<void> => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: cluster.port,
      user: 'postgres',
      password: cluster.password,
      database,
      connectionTimeoutMillis: 5_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      while (!done.signal.aborted) {
        const { rows } = await client.query(
          `WITH o AS (INSERT INTO orders (user_id, note) VALUES (1, 'rush') RETURNING id)
           INSERT INTO order_items (order_id, name) SELECT id, 'rush' FROM o RETURNING order_id`,
        );
        acknowledged.push(Number(rows[0].order_id));
        const now = performance.now();
        gap.longest = Math.max(gap.longest, now - gap.last);
        gap.last = now;
      }
    } catch {
      await delay(2); // Cut off or turned away: what it is here for.
    } finally {
      // Cut off while connecting, it may never report its end.
      await Promise.race([client.end().catch(() => undefined), delay(500)]);
    }
  };
  const running = gaps.map(async (gap) => {
    while (!done.signal.aborted) await write(gap);
  });
  return {
    acknowledged,
    longestGapMs: () => {
      const longest = Math.max(...gaps.map((gap) => gap.longest));
      for (const gap of gaps) gap.longest = 0;
      return Math.round(longest);
    },
    stop: async () => {
      done.abort();
      await Promise.all(running);
    },
  };
}
