import { setTimeout as delay } from 'node:timers/promises';
import { Failed } from '../errors.ts';
import type { Client } from './connection.ts';

/** A session of ours that another process of ours opened. */
export interface Backend {
  readonly pid: number;
  readonly database: string;
  readonly state: string;
  readonly query: string;
}

/** Sessions with this application_name, our own left out. */
export async function findBackends(
  client: Client,
  options: { readonly applicationName: string },
): Promise<Backend[]> {
  const { rows } = await client.query<Backend>(
    `SELECT pid, coalesce(datname, '') AS database, coalesce(state, '') AS state, left(query, 200) AS query
     FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()`,
    [options.applicationName],
  );
  return rows;
}

/**
 * Waits until no session has this application_name; with `terminate`, ends them. A statement whose client was killed
 * may run on: judging or repeating its effect before it is gone would be a guess.
 *
 * @throws Failed `backend-stays`.
 */
export async function waitForNoBackends(
  client: Client,
  options: { readonly applicationName: string; readonly terminate: boolean; readonly timeoutMs: number },
): Promise<void> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    const backends = await findBackends(client, options);
    if (backends.length === 0) return;
    if (Date.now() > deadline) {
      const [first] = backends;
      throw new Failed({
        code: 'backend-stays',
        seen: `session ${first?.pid} of an earlier attempt still runs: ${first?.query}`,
        expected: `it to end within ${options.timeoutMs} ms`,
        next: 'wait for it or end it by hand, then resume',
      });
    }
    if (options.terminate)
      for (const { pid } of backends) await client.query('SELECT pg_terminate_backend($1)', [pid]);
    await delay(100);
  }
}
