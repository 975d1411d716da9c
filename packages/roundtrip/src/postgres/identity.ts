import { Refused } from '../errors.ts';
import type { Client } from './connection.ts';

/** Which cluster and database a session is in. */
export interface DatabaseIdentity {
  /** Unique to a cluster since its initdb; survives restores of single databases, differs on every other cluster. */
  readonly systemIdentifier: string;
  readonly database: string;
  readonly databaseOid: string;
  /** As `server_version_num`: 150018 is 15.18. */
  readonly serverVersion: number;
  readonly inRecovery: boolean;
}

/** Asks the server who it is. */
export async function identify(client: Client): Promise<DatabaseIdentity> {
  const { rows } = await client.query<{
    system: string;
    database: string;
    oid: string;
    version: string;
    recovery: boolean;
  }>(
    `SELECT (SELECT system_identifier FROM pg_control_system())::text AS system, current_database() AS database,
            (SELECT oid FROM pg_database WHERE datname = current_database())::text AS oid,
            current_setting('server_version_num') AS version, pg_is_in_recovery() AS recovery`,
  );
  const [row] = rows;
  if (row === undefined)
    throw new Refused({
      code: 'identity-unknown',
      seen: 'no answer',
      expected: 'the identity of the server',
      next: 'check the connection',
    });
  return {
    systemIdentifier: row.system,
    database: row.database,
    databaseOid: row.oid,
    serverVersion: Number(row.version),
    inRecovery: row.recovery,
  };
}
