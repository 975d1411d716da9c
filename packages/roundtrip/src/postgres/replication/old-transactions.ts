import type { Client } from '../connection.ts';

/** A transaction of the cluster that has written and is not over. */
export interface OpenTransaction {
  /** Null for a prepared transaction: it has no session. */
  readonly pid: number | null;
  readonly database: string;
  readonly application: string;
  readonly seconds: number;
  readonly query: string;
}

/** Open transactions of all databases that have written, oldest first; ours left out. */
export async function transactionsWithWrites(
  client: Client,
  options: { readonly olderThanSeconds?: number | undefined } = {},
): Promise<OpenTransaction[]> {
  const { rows } = await client.query<OpenTransaction>(
    `SELECT pid, coalesce(datname, '') AS database, application_name AS application,
            extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds, left(query, 120) AS query
     FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
     UNION ALL
     SELECT NULL, database, 'prepared transaction ' || gid, extract(epoch FROM clock_timestamp() - prepared)::float8, ''
     FROM pg_prepared_xacts
     ORDER BY seconds DESC`,
  );
  return rows.filter(({ seconds }) => seconds >= (options.olderThanSeconds ?? 0));
}

/** For a message: "pid 4711 in shop (psql, 93 s): UPDATE …". */
export function describeTransactions(transactions: readonly OpenTransaction[]): string {
  return transactions
    .map(
      ({ pid, database, application, seconds, query }) =>
        `${pid === null ? application : `pid ${pid}`} in ${database} (${application}, ${Math.round(seconds)} s): ${query}`,
    )
    .join('; ');
}
