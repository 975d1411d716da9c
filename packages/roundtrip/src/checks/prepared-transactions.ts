import type { Check } from './check.ts';

/**
 * A prepared transaction holds its locks without a session: no timeout ends it, a fence cannot, and in whichever
 * database of the cluster it is, the making of a replication slot waits for it.
 */
export const preparedTransactions: Check = {
  name: 'prepared transactions',
  appliesTo: ['live', 'rehearsal'],
  async run({ session }) {
    const client = await session();
    const { rows } = await client.query<{ gid: string; owner: string; database: string; minutes: number }>(
      `SELECT gid, owner, database, floor(extract(epoch FROM clock_timestamp() - prepared) / 60)::int AS minutes
       FROM pg_prepared_xacts ORDER BY prepared`,
    );
    if (rows.length === 0) return [];
    const named = rows.map(
      ({ gid, owner, database, minutes }) => `'${gid}' of ${owner} in ${database}, ${minutes} min old`,
    );
    return [
      {
        code: 'prepared-transactions',
        severity: 'refusal',
        seen: `${rows.length} prepared: ${named.slice(0, 10).join('; ')}`,
        expected: 'none: their locks stay until somebody decides',
        cure: "ask their owner, then in that database COMMIT PREPARED '…' or ROLLBACK PREPARED '…'",
      },
    ];
  },
};
