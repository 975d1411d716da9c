import { type Client, connect, type DatabaseAddress } from './connection.ts';
import { quoted } from './table-name.ts';

/**
 * Analyses every table of a database over several sessions, the largest first: one plain `ANALYZE` works on a single
 * core, and took as long as half of the data's restore (1.2 s of 160 MB, 2026-11). A partitioned table brings its
 * leaves along.
 *
 * @throws Failed `connection-failed`; an error of the server stops all sessions at their next table.
 * @example await analyseDatabase({ ...admin, database: 'shop_scratch' }, { workers: 2, applicationName: 'restore' })
 */
export async function analyseDatabase(
  address: DatabaseAddress,
  options: {
    readonly workers: number;
    readonly applicationName: string;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const { workers, applicationName, signal } = options;
  const sessions: Client[] = [];
  try {
    for (let opened = 0; opened < workers; opened += 1)
      sessions.push(await connect(address, { applicationName }));
    const [first] = sessions;
    if (first === undefined) return;
    const queue = await tablesOf(first);
    const settled = await Promise.allSettled(
      sessions.map(async (session) => {
        for (let table = queue.shift(); table !== undefined; table = queue.shift()) {
          signal?.throwIfAborted();
          await session.query(`ANALYZE ${table}`).catch((error: unknown) => {
            queue.length = 0;
            throw error;
          });
        }
      }),
    );
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
  } finally {
    await Promise.all(sessions.map((session) => session.end()));
  }
}

/** For SQL text, largest first. The catalogue's own tables too: a restore has just filled them. */
async function tablesOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm', 'p') AND NOT c.relispartition AND NOT c.relisshared AND c.relpersistence <> 't'
       AND n.nspname <> 'pg_toast'
     ORDER BY CASE c.relkind WHEN 'p' THEN (SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree(c.oid))
                             ELSE pg_relation_size(c.oid) END DESC NULLS LAST`,
  );
  return rows.map(({ schema, name }) => `${quoted(schema)}.${quoted(name)}`);
}
