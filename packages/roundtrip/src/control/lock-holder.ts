import type { Client } from '../postgres/connection.ts';
import type { LockHolder } from './operator-lock.ts';

/** Key of the advisory lock of the one operator. It belongs to the database of the store. */
const LOCK = "hashtextextended('roundtrip_control', 0)";

/** The holder's row, and whether the session that wrote it still has the lock. */
export interface KnownHolder {
  readonly holder: LockHolder;
  readonly backend: number;
  readonly isHeld: boolean;
}

/** Who holds the lock of a store, by the last word of whoever took it. */
export async function readHolder(client: Client): Promise<KnownHolder | undefined> {
  const { rows } = await client.query<{ holder: string; backend: number; held: boolean }>(
    `SELECT o.holder, o.backend, EXISTS (
       SELECT FROM pg_locks l
       WHERE l.locktype = 'advisory' AND l.granted AND l.pid = o.backend
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND (l.classid::bigint << 32 | l.objid::bigint) = ${LOCK}
     ) AS held
     FROM roundtrip_control.operator o`,
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return { holder: JSON.parse(row.holder) as LockHolder, backend: row.backend, isHeld: row.held };
}

/** Whether the lock was free, and is this session's now. */
export async function tryLock(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS taken`);
  return rows[0]?.taken === true;
}

/** Says for people that this session holds the lock, which it does. */
export async function writeHolder(client: Client, holder: LockHolder): Promise<void> {
  await client.query(
    `INSERT INTO roundtrip_control.operator (backend, holder) VALUES (pg_backend_pid(), $1)
     ON CONFLICT (only_row) DO UPDATE SET backend = excluded.backend, holder = excluded.holder`,
    [JSON.stringify(holder)],
  );
}

/** Forgets a holder: this very one, or whoever it is. */
export async function eraseHolder(client: Client, holder?: LockHolder): Promise<void> {
  await client.query('DELETE FROM roundtrip_control.operator WHERE holder = $1 OR $1 IS NULL', [
    holder === undefined ? null : JSON.stringify(holder),
  ]);
}

/** Ends the session that has the lock. Whoever lost it must not find it free again before the next has taken it. */
export async function endHolder(client: Client, { backend }: KnownHolder): Promise<void> {
  await client.query('SELECT pg_terminate_backend($1, 5000)', [backend]);
}
