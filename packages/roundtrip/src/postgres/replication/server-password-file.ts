import { type Client, type DatabaseAddress, passwordFor, rollBack } from '../connection.ts';

/** The file's name in the subscriber's data directory. */
function fileName(stream: string): string {
  return `roundtrip_${stream}.pgpass`;
}

/**
 * Puts a pgpass file into the data directory of the subscriber's server, readable by that server alone, and returns
 * its path. A subscription connects from the server, so that our own password file is of no use to it; a password in
 * the connection string would be kept in the catalogue, in dumps, and in the server's log of the statement. Here it
 * travels in a temporary table, and statements of the session are not logged.
 *
 * Needs a superuser (or pg_execute_server_program), as CREATE SUBSCRIPTION did before PostgreSQL 16 anyway.
 */
export async function installPasswordFile(
  subscriber: Client,
  stream: string,
  publisher: DatabaseAddress,
): Promise<string | null> {
  const password = passwordFor(publisher);
  if (password === undefined) return null;
  const escaped = (text: string): string => text.replaceAll(/[:\\]/g, '\\$&');
  const { host, port, database, user } = publisher;
  const line = [host, String(port), database, user, password].map(escaped).join(':');
  await subscriber.query('BEGIN');
  try {
    for (const setting of ['log_statement = none', 'log_min_duration_statement = -1', 'log_duration = off'])
      await subscriber.query(`SET LOCAL ${setting}`);
    await subscriber.query('SET LOCAL log_min_error_statement = panic');
    await subscriber.query('CREATE TEMP TABLE roundtrip_password (line text) ON COMMIT DROP');
    await subscriber.query('INSERT INTO roundtrip_password VALUES ($1)', [line]);
    // CSV with characters that no password file has: COPY's text format would double the backslashes.
    await subscriber.query(
      `COPY roundtrip_password TO PROGRAM 'umask 077 && cat > ${fileName(stream)}' WITH (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')`,
    );
    const { rows } = await subscriber.query<{ directory: string }>(
      `SELECT current_setting('data_directory') AS directory`,
    );
    await subscriber.query('COMMIT');
    return `${rows[0]?.directory}/${fileName(stream)}`;
  } catch (error) {
    await rollBack(subscriber);
    throw error;
  }
}

/** Removes what `installPasswordFile` put there; nothing to do is fine. */
export async function removePasswordFile(subscriber: Client, stream: string): Promise<void> {
  await subscriber.query(`COPY (SELECT) TO PROGRAM 'cat > /dev/null; rm -f ${fileName(stream)}'`);
}

/** A libpq connection string without a password, for a subscription. */
export function connectionString(
  publisher: DatabaseAddress,
  options: { readonly applicationName: string; readonly serverPasswordFile: string | null },
): string {
  const parts: [string, string][] = [
    ['host', publisher.host],
    ['port', String(publisher.port)],
    ['user', publisher.user],
    ['dbname', publisher.database],
    ['application_name', options.applicationName],
    ['connect_timeout', '10'],
  ];
  if (options.serverPasswordFile !== null) parts.push(['passfile', options.serverPasswordFile]);
  return parts.map(([name, value]) => `${name}='${value.replaceAll(/['\\]/g, '\\$&')}'`).join(' ');
}
