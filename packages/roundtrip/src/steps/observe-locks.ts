import { setTimeout as delay } from 'node:timers/promises';
import type { HeldLock } from '../lint/held-lock.ts';
import { type Client, connect, type DatabaseAddress, endSession } from '../postgres/connection.ts';

/** Looks are cheap, and a lock that is held for less is felt by nobody. */
const LOOK_MS = 50;

/** A look at locks that goes on until it is stopped. */
export interface LockObservation {
  /** The locks that were seen, each with the longest time that it was held without a break. */
  stop(): Promise<readonly HeldLock[]>;
}

interface Seen {
  readonly relation: string;
  readonly mode: HeldLock['mode'];
  /** The look before the first that saw it, and the first that did not any more: by the server's clock. */
  readonly sinceMs: number;
  readonly untilMs: number;
}

interface Looks {
  /** Sessions that began before are somebody else's. */
  readonly since: string;
  lastMs: number;
  readonly held: Map<string, Seen>;
  readonly ended: Seen[];
}

/**
 * Watches which locks on tables the sessions hold that are opened in a database from now on, and for how long: an application may
 * call them as it likes. Only locks that anybody may wait for, and only on tables that others can see.
 */
export async function observeLocks(address: DatabaseAddress): Promise<LockObservation> {
  const client = await connect(address, { applicationName: 'roundtrip observe', statementTimeoutMs: 10_000 });
  const { rows } = await client.query<{ since: string; at: number }>(
    'SELECT clock_timestamp()::text AS since, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at',
  );
  const { since, at } = rows[0] ?? { since: '-infinity', at: 0 };
  const looks: Looks = { since, lastMs: at, held: new Map(), ended: [] };
  const stopping = new AbortController();
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await look(client, looks);
      await delay(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    // Once more, after the last statement: what is gone by now was held until now at most.
    await look(client, looks);
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
      return longest([...looks.ended, ...looks.held.values()]);
    },
  };
}

async function look(client: Client, looks: Looks): Promise<void> {
  const { rows } = await client.query<{
    at: number;
    locks: readonly { key: string; relation: string; mode: Seen['mode'] }[] | null;
  }>(
    `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at, (
       SELECT json_agg(json_build_object('key', l.pid || ' ' || l.relation || ' ' || l.mode, 'relation', n.nspname || '.' || c.relname, 'mode', l.mode))
       FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE a.backend_start > $1 AND a.backend_type = 'client backend' AND a.datname = current_database() AND l.locktype = 'relation' AND l.granted
         AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock') AND c.relkind IN ('r', 'p', 'm')
         AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema') AS locks`,
    [looks.since],
  );
  const { at = looks.lastMs, locks } = rows[0] ?? {};
  const now = new Map((locks ?? []).map((lock) => [lock.key, lock]));
  for (const [key, lock] of looks.held) {
    if (now.has(key)) continue;
    looks.ended.push({ ...lock, untilMs: at });
    looks.held.delete(key);
  }
  for (const [key, { relation, mode }] of now)
    looks.held.set(key, {
      relation,
      mode,
      sinceMs: looks.held.get(key)?.sinceMs ?? looks.lastMs,
      untilMs: at,
    });
  looks.lastMs = at;
}

function longest(locks: readonly Seen[]): readonly HeldLock[] {
  const found = new Map<string, HeldLock>();
  for (const { relation, mode, sinceMs, untilMs } of locks) {
    const key = `${relation} ${mode}`;
    const heldMsMax = Math.max(Math.ceil(untilMs - sinceMs), found.get(key)?.heldMsMax ?? 0);
    found.set(key, { relation, mode, heldMsMax });
  }
  return [...found.values()].sort((a, b) => b.heldMsMax - a.heldMsMax);
}
