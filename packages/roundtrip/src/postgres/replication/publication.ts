import type { Client } from '../connection.ts';
import { quoted, sqlTableName } from '../table-name.ts';
import { createMarkerTable, MARKER_TABLE } from './marker.ts';
import type { ReplicatedTable } from './stream.ts';

/**
 * Publishes tables with their column lists, and the marker table with them. One that exists is kept: changing a
 * column list under a running stream loses changes. Partitioned tables are published as themselves, not as their
 * leaves.
 *
 * Source: PostgreSQL manual, "Column Lists" (15 on).
 */
export async function createPublication(
  publisher: Client,
  publication: string,
  tables: readonly ReplicatedTable[],
): Promise<void> {
  await createMarkerTable(publisher);
  const { rowCount } = await publisher.query('SELECT FROM pg_publication WHERE pubname = $1', [publication]);
  if (rowCount === 1) return;
  const list = tables.map(
    ({ table, columns }) => `${sqlTableName(table)} (${columns.map(quoted).join(', ')})`,
  );
  await publisher.query(
    `CREATE PUBLICATION ${quoted(publication)} FOR TABLE ${[...list, sqlTableName(MARKER_TABLE)].join(', ')}
     WITH (publish_via_partition_root = true)`,
  );
}

/** Drops a publication; nothing to do is fine. */
export async function dropPublication(publisher: Client, publication: string): Promise<void> {
  await publisher.query(`DROP PUBLICATION IF EXISTS ${quoted(publication)}`);
}
