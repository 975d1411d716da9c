import type { Client, ClientBase } from 'pg';
import type { ImportMode } from '../import-mode.ts';

/** Sessions share one key, so that the database itself refuses a second active one. */
const SESSION_KEY = 'onec-import';

/** Longest reason kept in a session. */
const ERROR_LENGTH_MAX = 4_000;

export interface SessionStart {
  readonly mode: ImportMode;
  readonly directory: string;
}

/** Sessions of processes that are gone, now failed. */
export interface OpenedSession {
  readonly id: number;
  readonly staleSessions: readonly number[];
}

/**
 * Opens a session in a transaction of its own. Call it with the import lock held: any session that is still active is
 * then that of a process that died, and is failed with that reason.
 *
 * @example const { id } = await openSession(client, { mode: 'full', directory: '/var/1c' });
 */
export async function openSession(client: Client, start: SessionStart): Promise<OpenedSession> {
  const stale = await client.query<{ id: number }>(
    `UPDATE import_sessions SET status = 'failed', finished_at = now(), updated_at = now(),
       error_message = 'the process of this import ended without a word; nothing of it was kept'
     WHERE session_key = $1 AND status IN ('pending', 'started', 'in_progress') RETURNING id`,
    [SESSION_KEY],
  );
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO import_sessions (session_key, import_type, status, exchange_dir, is_full, heartbeat_at)
     VALUES ($1, $2, 'pending', $3, $4, now()) RETURNING id`,
    [SESSION_KEY, start.mode, start.directory, start.mode === 'full'],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('INSERT INTO import_sessions returned no row');
  return { id: row.id, staleSessions: stale.rows.map(({ id }) => id) };
}

/** Says where the import is; the details are merged into what the session already knows. */
export async function reportProgress(
  client: Client,
  id: number,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  await client.query(
    `UPDATE import_sessions SET status = 'in_progress', report_details = report_details || $2, heartbeat_at = now(),
       updated_at = now() WHERE id = $1 AND status IN ('pending', 'in_progress')`,
    [id, JSON.stringify(details)],
  );
}

export interface SessionEnd {
  readonly report: string;
  readonly details: object;
  readonly schema: string;
  readonly digest: string;
  readonly warningCount: number;
}

/**
 * Completes a session. It is called inside the merge's transaction, as its last statement: a session is completed
 * exactly when its catalogue is visible, whatever happens to the process or the connection.
 */
export async function completeSession(client: ClientBase, id: number, end: SessionEnd): Promise<void> {
  await client.query(
    `UPDATE import_sessions SET status = 'completed', report = $2, report_details = report_details || $3,
       schema_version = left($4, 20), source_digest = $5, warning_count = $6, finished_at = now(), updated_at = now(),
       heartbeat_at = now()
     WHERE id = $1`,
    [id, end.report, JSON.stringify(end.details), end.schema, end.digest, end.warningCount],
  );
}

/** Fails a session with its reason, in a transaction of its own. A completed session stays completed. */
export async function failSession(client: Client, id: number, reason: string): Promise<void> {
  await client.query(
    `UPDATE import_sessions SET status = 'failed', error_message = left($2, ${ERROR_LENGTH_MAX}), finished_at = now(),
       updated_at = now()
     WHERE id = $1 AND status <> 'completed'`,
    [id, reason],
  );
}

/** Moves the staged warnings into `import_warnings` of the session and counts them by code. */
export async function keepWarnings(client: ClientBase, id: number, staging: string): Promise<number> {
  const result = await client.query(
    `INSERT INTO import_warnings (session_id, code, subject, file, byte_offset, message)
     SELECT $1, left(code, 50), left(subject, 255), left(file, 500), byte_offset, message FROM ${staging}.warnings`,
    [id],
  );
  return result.rowCount ?? 0;
}
