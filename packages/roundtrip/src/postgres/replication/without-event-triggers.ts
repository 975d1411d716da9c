import type { Client } from '../connection.ts';

const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Does DDL of our own without the event triggers of the application. One that keeps a list of all DDL writes a row into
 * the return database for each of our tables; of that database it is proven, before and after an exchange, that nobody
 * but the stream has written to it. Triggers that are enabled ALWAYS fire all the same, and so do all of them where the
 * role is no superuser, who alone may set this.
 *
 * @example await withoutEventTriggers(back, () => createMarkerTable(back))
 */
export async function withoutEventTriggers<T>(client: Client, work: () => Promise<T>): Promise<T> {
  try {
    await client.query('SET session_replication_role = replica');
  } catch (error) {
    if ((error as { code?: string }).code === INSUFFICIENT_PRIVILEGE) return work();
    throw error;
  }
  const result = await work();
  // Not after a failure: its session is given up, and its transaction may be broken.
  await client.query('RESET session_replication_role');
  return result;
}
