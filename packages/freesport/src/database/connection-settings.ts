import pg from 'pg';
import pgpass from 'pgpass';

/** What the shop calls itself in `pg_stat_activity`. */
export type ApplicationName = 'freesport-api' | 'freesport-worker' | 'freesport-command';

/**
 * Connection settings on top of libpq's standard environment (PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSFILE), which
 * `pg` takes by itself. A password never travels in argv or in the environment.
 *
 * @example
 * new pg.Pool(connectionSettings('freesport-api'));
 */
export function connectionSettings(name: ApplicationName): pg.PoolConfig {
  const { host, port, user, database } = new pg.Client();
  return {
    // Fixed now, so that every connection of a pool goes to the same place.
    host,
    port,
    user,
    database,
    application_name: name,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    password: async () =>
      await passwordFromFile({ host, port, user: user ?? '', database: database ?? user ?? '' }),
    types: { getTypeParser },
    // Fails a request whose server has vanished without a word; commands may run longer than any bound set here.
    ...(name === 'freesport-api' ? { query_timeout: 15_000 } : {}),
  };
}

const INT8 = 20;

/** bigint as a number: ids and counts of a shop stay far below 2^53, and JSON has no other integer. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === INT8 && format !== 'binary') return parseInt8;
  return pg.types.getTypeParser(oid, format as 'text') as (value: string) => unknown;
}

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} does not fit a number`);
  return value;
}

/** libpq's password file (manual, "The Password File"): PGPASSFILE or ~/.pgpass. Empty where it has no such line. */
async function passwordFromFile(connection: Parameters<typeof pgpass>[0]): Promise<string> {
  return await new Promise((resolve) => {
    pgpass(connection, (password) => resolve(password ?? ''));
  });
}
