import type { Client } from '../connection.ts';

/**
 * A table of our own that every stream replicates beside the tables it is for. A row written into it after the fence
 * arrives after everything that was committed before (changes are applied in commit order): its arrival *is* the end
 * of the drain, within milliseconds. Waiting for `replay_lsn` in pg_stat_replication instead was measured at ~420 ms,
 * all of it feedback (2026-11), and `sent_lsn` can equal what is asked for with thousands of rows undecoded.
 */
export const MARKER_TABLE = 'roundtrip.replication_marker';

/** Makes the marker table where it is not there yet. */
export async function createMarkerTable(client: Client): Promise<void> {
  await client.query('CREATE SCHEMA IF NOT EXISTS roundtrip');
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${MARKER_TABLE} (stream text PRIMARY KEY, value text NOT NULL)`,
  );
}

/**
 * Removes the marker table, and our schema when nothing else is in it. A table that another stream publishes or
 * subscribes to stays: without it that stream would stand still.
 */
export async function dropMarkerTable(client: Client): Promise<void> {
  const { rows: users } = await client.query(
    `SELECT FROM pg_publication_rel WHERE prrelid = to_regclass($1)
     UNION ALL SELECT FROM pg_subscription_rel WHERE srrelid = to_regclass($1)`,
    [MARKER_TABLE],
  );
  if (users.length > 0) return;
  await client.query(`DROP TABLE IF EXISTS ${MARKER_TABLE}`);
  const { rows } = await client.query<{ used: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = to_regnamespace('roundtrip')) AS used`,
  );
  if (rows[0]?.used === false) await client.query('DROP SCHEMA IF EXISTS roundtrip');
}

/** Writes the marker; it is committed, and flushed, when this returns. */
export async function writeMarker(client: Client, stream: string, value: string): Promise<void> {
  const [name, marker] = [client.escapeLiteral(stream), client.escapeLiteral(value)];
  // A commit that waits for its flush: the walsender is woken by it. One message: customers may wait behind a fence.
  await client.query(
    `SET LOCAL synchronous_commit = on;
     INSERT INTO ${MARKER_TABLE} VALUES (${name}, ${marker}) ON CONFLICT (stream) DO UPDATE SET value = excluded.value`,
  );
}

/** Where the WAL of the session's server ends now. */
export async function endOfWal(client: Client): Promise<string> {
  const { rows } = await client.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn');
  return rows[0]?.lsn ?? '0/0';
}

/** The marker that arrived last, undefined before the first. */
export async function readMarker(client: Client, stream: string): Promise<string | undefined> {
  const { rows } = await client.query<{ value: string }>(
    `SELECT value FROM ${MARKER_TABLE} WHERE stream = $1`,
    [stream],
  );
  return rows[0]?.value;
}

/**
 * Makes everything that is committed in this session's cluster durable. Replicated changes are committed without
 * waiting for the disk: a crash right after a switch would otherwise take orders along that the other side, by then
 * closed, had acknowledged.
 */
export async function flushCommits(client: Client): Promise<void> {
  await client.query(
    `SET LOCAL synchronous_commit = on; SELECT pg_logical_emit_message(true, 'roundtrip', 'flush')`,
  );
}
