import { setTimeout as delay } from 'node:timers/promises';
import { Ambiguous } from '../errors.ts';
import { type Client, type DatabaseAddress, withClient } from './connection.ts';

const RETRY_MS = 100;
/** People are told at the first failure, and then so often: customers are being turned away. */
const SAY_AGAIN_MS = 15_000;
/** A network that swallows packets must not keep the next attempt from a server that has come back. */
const CONNECT_TIMEOUT_MS = 3_000;

/** A database that is behind the fence and must not stay there. */
export interface ClosedDatabase {
  readonly database: string;
  /** A database of the same cluster that is not fenced, such as `postgres`. */
  readonly admin: DatabaseAddress;
  readonly applicationName: string;
  readonly timeoutMs: number;
  /** Told at once while it cannot be opened, and how to do that by hand. */
  readonly say?: ((line: string) => void) | undefined;
}

/**
 * Does what opens a database to its clients again, each time on a fresh session, from the moment the server can be reached:
 * a fenced database that nobody opens is the worst state there is, so people are told at the first failure and not at the end.
 *
 * @throws the last error once `timeoutMs` is over; Ambiguous ones at once, since a human decides about those.
 * @example await untilOpen({ database: 'shop', admin, applicationName, timeoutMs, say }, (client) => openDatabase(client, 'shop'))
 */
export async function untilOpen<T>(closed: ClosedDatabase, open: (client: Client) => Promise<T>): Promise<T> {
  const { admin, applicationName, timeoutMs, say } = closed;
  const deadline = performance.now() + timeoutMs;
  let sayAt = 0;
  for (;;) {
    try {
      return await withClient(admin, { applicationName, connectTimeoutMs: CONNECT_TIMEOUT_MS }, open);
    } catch (error) {
      const now = performance.now();
      if (error instanceof Ambiguous || now > deadline) throw error;
      if (now >= sayAt) {
        sayAt = now + SAY_AGAIN_MS;
        say?.(stillClosed(closed, error, deadline - now));
      }
      await delay(RETRY_MS);
    }
  }
}

function stillClosed(closed: ClosedDatabase, error: unknown, leftMs: number): string {
  return `CLIENTS MAY FIND ${closed.database} CLOSED: ${(error as Error).message}; tried again all the time for ${Math.ceil(leftMs / 1000)} s more. If only this machine is cut off, one that reaches the server opens it: ${openCommand(closed)}`;
}

/**
 * The command that opens a database by hand. Safe at every point of an exchange: before the renames the live name belongs to
 * the database that served, between them to none, after them to the one that serves next; whoever settles the switch
 * looks at the catalogue first.
 *
 * @example openCommand({ database: 'shop', admin }) // 'psql -h … -c \'ALTER DATABASE "shop" ALLOW_CONNECTIONS true\''
 */
export function openCommand({ database, admin }: Pick<ClosedDatabase, 'database' | 'admin'>): string {
  return `psql -h ${admin.host} -p ${admin.port} -U ${admin.user} -d ${admin.database} -c 'ALTER DATABASE "${database}" ALLOW_CONNECTIONS true'`;
}
