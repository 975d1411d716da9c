import { setTimeout as delay } from 'node:timers/promises';
import { Failed } from '../errors.ts';
import type { Client } from './connection.ts';

const POLL_MS = 10;

/**
 * Closes a database to everyone and proves it: no new sessions (`ALLOW_CONNECTIONS false` binds superusers too, a
 * connection limit does not), then all present ones are terminated at once and polled until none is left. One after
 * the other with a wait for each took 4 s for 40 clients (measured 2026-11).
 *
 * `client` must be in another database. Idempotent.
 *
 * @throws Failed `fence-not-closed`, naming the sessions that stayed. The database stays closed: the caller decides.
 */
export async function closeDatabase(
  client: Client,
  database: string,
  options: { readonly timeoutMs: number },
): Promise<{ readonly terminated: number }> {
  await client.query(`ALTER DATABASE ${client.escapeIdentifier(database)} ALLOW_CONNECTIONS false`);
  const deadline = Date.now() + options.timeoutMs;
  let terminated = 0;
  for (;;) {
    const { rows } = await client.query<{ pid: number; who: string; gone: boolean }>(
      `SELECT pid, coalesce(application_name, '') || ' ' || backend_type AS who, pg_terminate_backend(pid) AS gone
       FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()`,
      [database],
    );
    if (rows.length === 0) return { terminated };
    terminated = Math.max(terminated, rows.length);
    if (Date.now() > deadline) {
      throw new Failed({
        code: 'fence-not-closed',
        seen: `sessions still in ${database}: ${rows.map((row) => `${row.who} (${row.pid})`).join(', ')}`,
        expected: `none after ${options.timeoutMs} ms`,
        next: 'the database is closed to new sessions; find out what holds these, then resume',
      });
    }
    await delay(POLL_MS);
  }
}

/** Lets clients in again. */
export async function openDatabase(client: Client, database: string): Promise<void> {
  await client.query(`ALTER DATABASE ${client.escapeIdentifier(database)} ALLOW_CONNECTIONS true`);
}
