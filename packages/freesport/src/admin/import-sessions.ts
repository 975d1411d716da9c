import type { Queryable } from '../database/database.ts';

/** One import as the admin lists it. */
export interface ImportSession extends Record<string, unknown> {
  readonly id: number;
  readonly import_type: string;
  readonly status: string;
  readonly exchange_dir: string;
  readonly is_full: boolean;
  readonly report_details: Readonly<Record<string, unknown>>;
  readonly error_message: string;
  readonly warning_count: number;
  readonly started_at: Date;
  readonly finished_at: Date | null;
}

export interface ImportWarning extends Record<string, unknown> {
  readonly code: string;
  readonly subject: string | null;
  readonly file: string | null;
  readonly byte_offset: number | null;
  readonly message: string;
}

const COLUMNS = `id, import_type, status, exchange_dir, is_full, report_details, error_message, warning_count,
  started_at, finished_at`;

/** The latest imports first. */
export async function importSessions(db: Queryable, limit: number): Promise<ImportSession[]> {
  return await db.query<ImportSession>(`SELECT ${COLUMNS} FROM import_sessions ORDER BY id DESC LIMIT $1`, [
    limit,
  ]);
}

/** One import, or undefined. */
export async function importSession(db: Queryable, id: number): Promise<ImportSession | undefined> {
  const [row] = await db.query<ImportSession>(`SELECT ${COLUMNS} FROM import_sessions WHERE id = $1`, [id]);
  return row;
}

/** How many warnings of each code an import left. */
export async function warningCounts(db: Queryable, id: number): Promise<{ code: string; count: number }[]> {
  return await db.query<{ code: string; count: number }>(
    'SELECT code, count(*)::int AS count FROM import_warnings WHERE session_id = $1 GROUP BY code ORDER BY count DESC, code',
    [id],
  );
}

/** A page of an import's warnings, of one code or of all. */
export async function importWarnings(
  db: Queryable,
  id: number,
  page: { readonly code?: string | undefined; readonly limit: number; readonly offset: number },
): Promise<ImportWarning[]> {
  return await db.query<ImportWarning>(
    `SELECT code, subject, file, byte_offset, message FROM import_warnings
     WHERE session_id = $1 AND ($2::text IS NULL OR code = $2) ORDER BY id LIMIT $3 OFFSET $4`,
    [id, page.code ?? null, page.limit, page.offset],
  );
}

/** Jobs of imports that wait or run. */
export async function queuedImports(db: Queryable): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM graphile_worker.jobs WHERE task_identifier = 'import_products' AND attempts < max_attempts`,
  );
  return row?.count ?? 0;
}
