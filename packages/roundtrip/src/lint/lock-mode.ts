/** PostgreSQL's eight table locks, weakest first (manual, "Table-Level Locks"); `LOCK TABLE` counts them from 1. */
export const LOCK_MODES = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
] as const;

/** A lock's name as pg_locks has it. */
export type LockMode = (typeof LOCK_MODES)[number];

/** The stronger of two. @example stronger('ShareLock', 'RowShareLock') // 'ShareLock' */
export function stronger(a: LockMode, b: LockMode): LockMode {
  return LOCK_MODES.indexOf(a) >= LOCK_MODES.indexOf(b) ? a : b;
}

/** What waits while a lock is held, and, because locks queue, while somebody waits for it. */
export function makesWait(mode: LockMode): 'reads and writes' | 'writes' | 'schema changes' | 'nothing' {
  if (mode === 'AccessExclusiveLock') return 'reads and writes';
  if (LOCK_MODES.indexOf(mode) >= LOCK_MODES.indexOf('ShareLock')) return 'writes';
  return mode === 'ShareUpdateExclusiveLock' ? 'schema changes' : 'nothing';
}
