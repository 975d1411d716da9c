import { setTimeout as delay } from 'node:timers/promises';
import type { HeldLock } from '../lint/held-lock.ts';
import { type Client, connect, type DatabaseAddress, endSession } from '../postgres/connection.ts';

/** Looks are cheap and a lock that is held for less is felt by nobody. */
const LOOK_MS = 50;

/** A look at locks that goes on until it is stopped. */
export interface LockObservation {
  /** The strongest locks that were seen, each with the longest time that it was held without a break. */
  stop(): Promise<readonly HeldLock[]>;
}

interface Seen {
  readonly relation: string;
  readonly mode: HeldLock['mode'];
  readonly sinceMs: number;
  readonly untilMs: number;
}

/**
 * Watches which locks on tables the sessions of an application hold in a database, for how long. Only those that anybody may wait
 * for, and only on tables that others can see.
 */
export async function observeLocks(address: DatabaseAddress): Promise<LockObservation> {
  const client = await connect(address, { applicationName: 'roundtrip observe', statementTimeoutMs: 10_000 });
  const { rows } = await client.query<{ since: string }>('SELECT clock_timestamp()::text AS since');
  const since = rows[0]?.since ?? '-infinity';
  const seen = new Map<string, Seen>();
  const ended: Seen[] = [];
  const stopping = new AbortController();
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await look(client, since, seen, ended);
      await delay(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  looking.catch(() => undefined); // Told to whoever stops it.
  return {
    stop: async () => {
      stopping.abort();
      try {
        await looking;
      } finally {
        await endSession(client);
      }
      return longest([...ended, ...seen.values()]);
    },
  };
}

async function look(client: Client, since: string, seen: Map<string, Seen>, ended: Seen[]): Promise<void> {
  const { rows } = await client.query<{ key: string; relation: string; mode: Seen['mode']; at: number }>(
    `SELECT l.pid || ' ' || l.relation || ' ' || l.mode AS key, n.nspname || '.' || c.relname AS relation, l.mode,
            (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at
     FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE a.backend_start > $1 AND a.backend_type = 'client backend' AND a.datname = current_database() AND l.locktype = 'relation' AND l.granted
       AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock') AND c.relkind IN ('r', 'p', 'm')
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`,
    [since],
  );
  const now = new Set(rows.map(({ key }) => key));
  for (const [key, lock] of seen) {
    if (now.has(key)) continue;
    ended.push(lock);
    seen.delete(key);
  }
  for (const { key, relation, mode, at } of rows)
    seen.set(key, { relation, mode, sinceMs: seen.get(key)?.sinceMs ?? at, untilMs: at });
}

function longest(locks: readonly Seen[]): readonly HeldLock[] {
  const found = new Map<string, HeldLock>();
  for (const { relation, mode, sinceMs, untilMs } of locks) {
    const key = `${relation} ${mode}`;
    const heldMs = Math.max(Math.round(untilMs - sinceMs), found.get(key)?.heldMs ?? 0);
    found.set(key, { relation, mode, heldMs });
  }
  return [...found.values()].sort((a, b) => b.heldMs - a.heldMs);
}
