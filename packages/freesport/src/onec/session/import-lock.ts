import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { OnecImportError } from '../errors.ts';

/** Advisory locks of an import: one on the session's own connection, one inside the merge's transaction. */
export const IMPORT_LOCK = 0x46_53_31_43; // "FS1C"
const MERGE_LOCK = 0x46_53_31_4d; // "FS1M"

/** How long a merge whose process died may take to notice; PostgreSQL looks at the socket when it answers. */
const ORPHAN_DEADLINE_MS = 30_000;

/**
 * Takes the import lock for as long as `client` is connected. Whoever holds it is the only import; a session row that
 * is still "in progress" then belongs to a process that is gone.
 *
 * @throws OnecImportError `import-running` when another import holds it, naming its session.
 * @example await takeImportLock(client);
 */
export async function takeImportLock(client: Client): Promise<void> {
  const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
    IMPORT_LOCK,
  ]);
  if (rows[0]?.taken === true) return await endOrphanedMerge(client);
  const running = await client.query<{ id: number; started_at: Date; exchange_dir: string }>(
    `SELECT id, started_at, exchange_dir FROM import_sessions WHERE status = 'in_progress' ORDER BY id DESC LIMIT 1`,
  );
  const [session] = running.rows;
  throw new OnecImportError({
    code: 'import-running',
    seen:
      session === undefined
        ? 'another import has just begun'
        : `import session ${session.id} of ${session.exchange_dir} is running since ${session.started_at.toISOString()}`,
    expected: 'no other import',
    next: 'wait until it ends and start again; nothing was changed',
    fields: { session: session?.id },
  });
}

/** Takes the lock of the merge until its transaction ends. */
export async function takeMergeLock(client: Client): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [MERGE_LOCK]);
}

/**
 * A killed process leaves its backend working on the statement that it was given. Its transaction can only end in a
 * rollback, because nobody is left to send COMMIT; it is ended now instead of being waited for.
 */
async function endOrphanedMerge(client: Client): Promise<void> {
  const deadline = performance.now() + ORPHAN_DEADLINE_MS;
  for (;;) {
    const { rows } = await client.query<{ pid: number }>(
      `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [MERGE_LOCK],
    );
    const [holder] = rows;
    if (holder === undefined) return;
    if (performance.now() > deadline) {
      throw new OnecImportError({
        code: 'import-backend-busy',
        seen: `backend ${holder.pid} of an import whose process is gone has not ended within ${ORPHAN_DEADLINE_MS} ms`,
        expected: 'its transaction to roll back',
        next: `look at pid ${holder.pid} in pg_stat_activity, end it and start again; nothing was changed`,
        fields: { pid: holder.pid },
      });
    }
    await client.query('SELECT pg_terminate_backend($1)', [holder.pid]);
    await sleep(50);
  }
}
