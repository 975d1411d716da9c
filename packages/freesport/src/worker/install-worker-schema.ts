import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import { connectionSettings } from '../database/connection-settings.ts';

/**
 * Installs or updates the schema `graphile_worker` of the job queue. Idempotent.
 *
 * @example
 * await installWorkerSchema();
 */
export async function installWorkerSchema(): Promise<void> {
  const pool = new pg.Pool({ ...connectionSettings('freesport-command'), max: 2 });
  // The statement under way reports a lost connection; the events would only end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    await runMigrations({ pgPool: pool });
  } finally {
    await pool.end();
  }
}
