import { type Client, connect, type DatabaseAddress } from '../postgres/connection.ts';
import type { Query } from '../watch/probes/sql-probe.ts';

const STATEMENT_TIMEOUT_MS = 10_000;

/** The one session of a watch's SQL sources. */
export interface WatchSession {
  readonly query: Query;
  end(): Promise<void>;
}

/**
 * A session that only reads: what a query of the runbook would change by mistake, production refuses. It is opened when it is
 * needed: a database that is away for a minute is missing data, not the end. One that broke is dropped, and the next
 * question opens another.
 *
 * @example const session = watchSession(target.database, 'roundtrip watch'); await session.query('SELECT 1');
 */
export function watchSession(database: DatabaseAddress, applicationName: string): WatchSession {
  // The promise and not the session: sources ask side by side, and must not each open one.
  let opened: Promise<Client> | undefined;
  const drop = async (session: Promise<Client> | undefined): Promise<void> => {
    if (session === opened) opened = undefined;
    const client = await session?.catch(() => undefined);
    await client?.end();
  };
  return {
    async query(text) {
      opened ??= openReadOnly(database, applicationName);
      const session = opened;
      try {
        return (await (await session).query<Record<string, unknown>>(text)).rows;
      } catch (error) {
        await drop(session);
        throw error;
      }
    },
    end: () => drop(opened),
  };
}

async function openReadOnly(database: DatabaseAddress, applicationName: string): Promise<Client> {
  const client = await connect(database, { applicationName, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  try {
    await client.query('SET default_transaction_read_only = on');
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}
