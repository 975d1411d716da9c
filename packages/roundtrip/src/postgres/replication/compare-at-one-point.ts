import { setTimeout as delay } from 'node:timers/promises';
import { Failed } from '../../errors.ts';
import type { Client } from '../connection.ts';
import { sqlTableName } from '../table-name.ts';
import { type BrokenKey, foreignKeyAntiJoins } from './anti-join.ts';
import { compareSides, type SidesCompared } from './compare-sides.ts';
import { drainTo } from './drain.ts';
import { type StreamSessions, sessionPair } from './sessions.ts';
import type { ReplicationStream } from './stream.ts';

/** One attempt to lock; well below the 1 s of deadlock_timeout. */
const ATTEMPT_MS = 100;
/** The drain under the lock has its own deadline, which says more. */
const IDLE_MARGIN_MS = 1_000;

export interface ComparedAtOnePoint extends SidesCompared {
  /** Foreign keys of the replicated tables that do not hold on the subscriber. */
  readonly broken: readonly BrokenKey[];
  /** How long writers had to wait. */
  readonly lockedMs: number;
}

/**
 * Compares both sides while customers write: the tables are locked against writes for as long as a drain takes
 * (milliseconds), snapshots of both sides are taken, the lock is let go, and the snapshots are compared at leisure.
 * Fingerprints of 3M rows take seconds (2026-11): behind the fence of a switch there is no time for them.
 *
 * The sessions' transactions are over afterwards. Needs two sessions on the publisher.
 *
 * @throws Failed `tables-busy` when the lock was not had in time; `drain-timed-out`.
 */
export async function compareAtOnePoint(
  sessions: Pick<StreamSessions, 'publishers' | 'subscribers'>,
  stream: ReplicationStream,
  options: { readonly lockTimeoutMs: number },
): Promise<ComparedAtOnePoint> {
  const { publisher: locker, subscriber } = sessionPair(sessions);
  const writer = sessions.publishers[1] ?? locker;
  const all = [...sessions.publishers, ...sessions.subscribers];
  try {
    await lockTables(locker, stream, options.lockTimeoutMs);
    const startedMs = performance.now();
    await drainTo({ publisher: writer, subscriber }, stream, { timeoutMs: options.lockTimeoutMs });
    const others = sessions.publishers.filter((session) => session !== locker);
    const snapshot = await shareSnapshot(others);
    await shareSnapshot(sessions.subscribers);
    await locker.query('COMMIT');
    const lockedMs = performance.now() - startedMs;
    await joinSnapshot(locker, snapshot);
    const compared = await compareSides(sessions.publishers, sessions.subscribers, stream.tables);
    const tables = stream.tables.map(({ table }) => table);
    const broken = await foreignKeyAntiJoins(subscriber, { tables });
    return { ...compared, broken, lockedMs };
  } finally {
    // Read-only transactions, or a lock that must not stay.
    // On a session that is lost there is neither, and the failure above says why.
    await Promise.allSettled(all.map((session) => session.query('ROLLBACK')));
  }
}

/**
 * Locks all tables against writes. SHARE lets foreign keys of other tables be checked meanwhile, EXCLUSIVE would not.
 * A customer's transaction may want the tables in another order: each attempt waits for less than deadlock_timeout,
 * lets everything go and tries again, so that it is never the customer who is cut off.
 */
async function lockTables(locker: Client, stream: ReplicationStream, lockTimeoutMs: number): Promise<void> {
  const names = stream.tables.map(({ table }) => sqlTableName(table)).join(', ');
  const deadline = Date.now() + lockTimeoutMs;
  for (;;) {
    await locker.query('BEGIN');
    await locker.query(`SET LOCAL lock_timeout = ${ATTEMPT_MS}`);
    // Should this process stand still, the server lets customers go on.
    await locker.query(
      `SET LOCAL idle_in_transaction_session_timeout = ${Math.ceil(lockTimeoutMs + IDLE_MARGIN_MS)}`,
    );
    try {
      await locker.query(`LOCK TABLE ${names} IN SHARE MODE`);
      return;
    } catch (cause) {
      await locker.query('ROLLBACK');
      if ((cause as { code?: string }).code !== '55P03') throw cause;
      if (Date.now() > deadline) throw tablesBusy(names, lockTimeoutMs, cause);
      await delay(ATTEMPT_MS);
    }
  }
}

function tablesBusy(names: string, lockTimeoutMs: number, cause: unknown): Failed {
  return new Failed({
    code: 'tables-busy',
    seen: `no lock on ${names} within ${lockTimeoutMs} ms`,
    expected: 'writers to pause for a moment',
    next: 'find the long transaction (pg_locks), then repeat; no customer was held up for longer than an attempt',
    cause,
  });
}

/** One snapshot for all sessions; returns it for others to join. */
async function shareSnapshot(sessions: readonly Client[]): Promise<string | undefined> {
  let snapshot: string | undefined;
  for (const session of sessions) {
    await joinSnapshot(session, snapshot);
    if (snapshot === undefined)
      snapshot = (await session.query<{ id: string }>('SELECT pg_export_snapshot() AS id')).rows[0]?.id;
  }
  return snapshot;
}

async function joinSnapshot(session: Client, snapshot: string | undefined): Promise<void> {
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  if (snapshot !== undefined)
    await session.query(`SET TRANSACTION SNAPSHOT ${session.escapeLiteral(snapshot)}`);
}
