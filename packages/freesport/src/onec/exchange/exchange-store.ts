import { createHash, randomBytes } from 'node:crypto';
import type { Queryable } from '../../database/database.ts';
import { IMPORT_LOCK } from '../session/import-lock.ts';

/** An exchange as the database knows it. */
export interface StoredExchange extends Record<string, unknown> {
  readonly id: number;
  readonly status: 'authorised' | 'receiving' | 'completed' | 'closed';
}

/** What became of an import that 1C asked for. */
export interface StoredImport extends Record<string, unknown> {
  readonly status: 'pending' | 'running' | 'done' | 'failed';
  readonly message: string;
}

/** Name of the import that finishes a whole catalogue. */
export const WHOLE_CATALOGUE = '*';

/** Name of the queue's job; see `onecExchangeTasks`. */
export const IMPORT_TASK = 'onec_exchange_import';

/** How long a cookie is good for; 1C sends an exchange of hours with one. */
const TOKEN_LIFETIME = '24 hours';

/** Exchanges in the database, so that any API process can take any request and a restart loses nothing. */
export class ExchangeStore {
  readonly #db: Queryable;

  constructor(db: Queryable) {
    this.#db = db;
  }

  /** A new exchange; the token is told once and only its digest is kept. */
  async open(): Promise<string> {
    const token = randomBytes(24).toString('base64url');
    await this.#db.query('INSERT INTO onec_exchanges (token_sha256) VALUES ($1)', [digest(token)]);
    return token;
  }

  async find(token: string): Promise<StoredExchange | undefined> {
    const [row] = await this.#db.query<StoredExchange>(
      `SELECT id, status FROM onec_exchanges
       WHERE token_sha256 = $1 AND created_at > now() - interval '${TOKEN_LIFETIME}' AND status <> 'closed'`,
      [digest(token)],
    );
    return row;
  }

  /** The import that is under way in any exchange, by name; init must not clear files that one reads. */
  async importUnderWay(): Promise<string | undefined> {
    const [row] = await this.#db.query<{ filename: string }>(
      `SELECT filename FROM onec_exchange_imports WHERE status IN ('pending', 'running') LIMIT 1`,
    );
    return row?.filename;
  }

  /** Begins to receive: this exchange's earlier imports are forgotten, every other open exchange is closed. */
  async begin(id: number): Promise<void> {
    await this.#db.query('DELETE FROM onec_exchange_imports WHERE exchange_id = $1', [id]);
    await this.#db.query(
      `UPDATE onec_exchanges SET status = CASE WHEN id = $1 THEN 'receiving' ELSE 'closed' END, updated_at = now()
       WHERE id = $1 OR status IN ('authorised', 'receiving') AND created_at < now() - interval '1 minute'`,
      [id],
    );
  }

  async complete(id: number): Promise<void> {
    await this.#db.query(`UPDATE onec_exchanges SET status = 'completed', updated_at = now() WHERE id = $1`, [
      id,
    ]);
  }

  /** Asks for an import once, however often 1C repeats the request, and says how it stands. */
  async request(id: number, filename: string): Promise<StoredImport> {
    await this.#db.query(
      `WITH asked AS (
         INSERT INTO onec_exchange_imports (exchange_id, filename) VALUES ($1, $2)
         ON CONFLICT (exchange_id, filename) DO NOTHING RETURNING filename)
       SELECT graphile_worker.add_job('${IMPORT_TASK}', json_build_object('exchange', $1::bigint, 'filename', filename),
         queue_name => 'import', job_key => 'onec:' || $1::bigint || ':' || filename)
       FROM asked`,
      [id, filename],
    );
    return await this.stateOf(id, filename);
  }

  /**
   * Gives jobs of killed workers back to the queue, which by itself would wait four hours for them: those that were taken
   * long enough ago although nobody holds the lock that every import takes first. If the worker does live, the import
   * runs twice, and the second finds nothing to do.
   */
  async revive(abandonedAfterMs: number): Promise<void> {
    await this.#db.query(
      `SELECT graphile_worker.force_unlock_workers(array_agg(locked_by)) FROM graphile_worker.jobs
       WHERE task_identifier = $1 AND locked_by IS NOT NULL AND locked_at < now() - $2 * interval '1 millisecond'
         AND NOT EXISTS (
           SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = $3 AND granted
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
       HAVING count(*) > 0`,
      [IMPORT_TASK, abandonedAfterMs, IMPORT_LOCK],
    );
  }

  async stateOf(id: number, filename: string): Promise<StoredImport> {
    const [row] = await this.#db.query<StoredImport>(
      'SELECT status, message FROM onec_exchange_imports WHERE exchange_id = $1 AND filename = $2',
      [id, filename],
    );
    return row ?? { status: 'failed', message: 'the import was forgotten by a later init' };
  }

  async hasPending(id: number): Promise<boolean> {
    const rows = await this.#db.query(
      `SELECT 1 FROM onec_exchange_imports WHERE exchange_id = $1 AND status IN ('pending', 'running') LIMIT 1`,
      [id],
    );
    return rows.length > 0;
  }

  async save(
    id: number,
    filename: string,
    state: StoredImport & { readonly session?: number | undefined },
  ): Promise<void> {
    await this.#db.query(
      `UPDATE onec_exchange_imports SET status = $3, message = left($4, 2000), session_id = $5, updated_at = now()
       WHERE exchange_id = $1 AND filename = $2`,
      [id, filename, state.status, state.message, state.session ?? null],
    );
  }
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
