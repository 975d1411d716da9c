import { setTimeout as delay } from 'node:timers/promises';
import { Ambiguous, Refused } from '../errors.ts';
import { type Client, connect, type DatabaseAddress } from './connection.ts';

/** An advisory lock on a session of its own. */
export interface AdvisoryLock {
  /** Aborted when the session is lost, and with it the lock. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

const HANDOVER_MS = 1_000;

/**
 * Takes a session-level advisory lock: a second operator on another machine is refused. `address` must be a database
 * that is not renamed while the lock is held (advisory locks belong to a database).
 *
 * @throws Refused `locked`.
 */
export async function acquireAdvisoryLock(address: DatabaseAddress, key: string): Promise<AdvisoryLock> {
  const client = await connect(address, { applicationName: 'roundtrip lock' });
  const lost = new AbortController();
  let released = false;
  client.on('end', () => {
    if (!released) lost.abort(lockLost());
  });
  const taken = await tryLockFor(client, key, HANDOVER_MS);
  if (!taken) {
    released = true;
    await client.end();
    throw new Refused({
      code: 'locked',
      seen: `another session holds the advisory lock "${key}" in ${address.database}`,
      expected: 'one operator at a time on a target',
      next: "find it: SELECT * FROM pg_stat_activity WHERE application_name = 'roundtrip lock'",
    });
  }
  return {
    lost: lost.signal,
    release: async () => {
      released = true;
      await client.end();
    },
  };
}

function lockLost(): Ambiguous {
  return new Ambiguous({
    code: 'lock-lost',
    seen: 'the session that held the operator lock was lost',
    expected: 'it to last as long as the run',
    next: 'make sure that nobody else operates on this target, then resume',
  });
}

/** A holder that was killed a moment ago still has its session until the server notices. */
async function tryLockFor(client: Client, key: string, patienceMs: number): Promise<boolean> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    if (await tryLock(client, key)) return true;
    if (Date.now() > deadline) return false;
    await delay(50);
  }
}

async function tryLock(client: Client, key: string): Promise<boolean> {
  try {
    const { rows } = await client.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken',
      [key],
    );
    return rows[0]?.taken === true;
  } catch (error) {
    await client.end();
    throw error;
  }
}
