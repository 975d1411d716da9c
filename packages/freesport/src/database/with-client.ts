import pg from 'pg';
import { connectionSettings } from './connection-settings.ts';

/**
 * One connection for the time of `work`, for management commands. Closed on every path.
 *
 * @example
 * await withClient((client) => client.query('SELECT 1'));
 */
export async function withClient<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(connectionSettings('freesport-command'));
  // A connection that is terminated between statements emits here; the next statement reports it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
