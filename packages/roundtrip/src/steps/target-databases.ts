import type { Client, DatabaseAddress } from '../postgres/connection.ts';
import { suffixedName } from '../postgres/database-name.ts';
import type { Target } from '../runbook/target.ts';
import type { StepContext } from './step-kind.ts';

/** Address of the database to work from while the target's own is closed or renamed. */
export function adminAddress(target: Target): DatabaseAddress {
  return { ...target.database, database: target.maintenanceDatabase ?? 'postgres' };
}

/**
 * `application_name` of every session this step opens, so that a resume can look for our own surviving backends.
 * PostgreSQL cuts it at 63 bytes: the run's distinguishing end comes first.
 */
export function applicationName(context: StepContext): string {
  return `roundtrip ${context.runId.slice(-4)} ${context.step.id}`.slice(0, 63);
}

/** Name of the return database: the live name with the run's salt, within PostgreSQL's 63 bytes. */
export function returnDatabaseName(context: StepContext): string {
  return suffixed(context, 'return');
}

/** Name of the copy that a side-by-side migration works on until the switch. */
export function copyDatabaseName(context: StepContext): string {
  return suffixed(context, 'copy');
}

/** Which database a step works on: the one that serves, or the copy beside it. */
export type WorksOn = 'live' | 'copy';

/** Address of the database that a step works on. */
export function databaseOf(context: StepContext, on: WorksOn | undefined): DatabaseAddress {
  const { database } = context.plan.target;
  return on === 'copy' ? { ...database, database: copyDatabaseName(context) } : database;
}

/** Name that the migrated database gets when a rollback retires it: kept for the post-mortem. */
export function retiredDatabaseName(context: StepContext): string {
  return suffixed(context, 'retired');
}

/** The databases of a cluster that earlier runs on this one have retired. */
export async function retiredDatabases(client: Client, database: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname ~ '_retired_[0-9a-f]{4}$' ORDER BY datname`,
  );
  const isRetired = (name: string): boolean =>
    name === suffixedName(database, name.slice(-'_retired_ffff'.length));
  return rows.map(({ name }) => name).filter(isRetired);
}

/** Name of a database made from the backup when the return database is gone (the slow way back). */
export function restoredDatabaseName(context: StepContext): string {
  return suffixed(context, 'restored');
}

function suffixed(context: StepContext, word: string): string {
  return suffixedName(context.plan.target.database.database, `_${word}_${context.runId.slice(-4)}`);
}
