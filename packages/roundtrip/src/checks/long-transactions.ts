import type { Check } from './check.ts';

/** A report of some seconds is usual; what has been open for this long is rather forgotten, or runs through the night. */
const TRANSACTION_MINUTES_MAX = 5;

/** `longTransactions` with a limit of the caller's. @example longTransactionsOver({ minutes: 5 }) */
export function longTransactionsOver({ minutes }: { readonly minutes: number }): Check {
  return {
    name: 'long transactions',
    appliesTo: ['live'],
    async run({ session }) {
      const client = await session();
      // Every lock that a transaction took stays until its end, readers' too: a migration waits for them, customers for it.
      // Autovacuum gives way, unless it prevents a wraparound.
      const { rows } = await client.query<{
        pid: number;
        role: string;
        application: string;
        state: string;
        minutes: number;
        query: string;
      }>(
        `SELECT pid, coalesce(usename, backend_type) AS role, application_name AS application, coalesce(state, '') AS state,
                floor(extract(epoch FROM clock_timestamp() - xact_start) / 60)::int AS minutes, left(query, 80) AS query
         FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()
           AND (backend_type = 'client backend' OR (backend_type = 'autovacuum worker' AND query LIKE '%(to prevent wraparound)%'))
           AND xact_start <= clock_timestamp() - make_interval(secs => $1 * 60.0)
         ORDER BY xact_start`,
        [minutes],
      );
      return rows.slice(0, 10).map(({ pid, role, application, state, minutes: age, query }) => ({
        code: 'long-transaction',
        severity: 'refusal',
        seen: `pid ${pid} (${role}, ${application || 'unnamed'}) has had a transaction open for ${age} min, ${state}: ${query}`,
        expected: `none older than ${minutes} min: the migration would wait for its locks, and customers behind it`,
        cure: `let it end, or SELECT pg_terminate_backend(${pid})`,
      }));
    },
  };
}

/** Transactions that have been open in the target's database for longer than five minutes. */
export const longTransactions: Check = longTransactionsOver({ minutes: TRANSACTION_MINUTES_MAX });
