import { setTimeout as delay } from 'node:timers/promises';
import { Failed } from '../../errors.ts';
import type { Client, DatabaseAddress } from '../connection.ts';
import { quoted } from '../table-name.ts';
import { createMarkerTable } from './marker.ts';
import { connectionString } from './server-password-file.ts';
import { dropSlot } from './slot.ts';
import type { ReplicationStream } from './stream.ts';

/**
 * Subscribes to a publication through a slot that exists, without copying rows: both sides must be alike at the slot's
 * beginning. `create_slot = true` would wait for ever within one cluster. One subscription for all tables: one a table
 * would lose the order between them. One that exists is kept.
 */
export async function createSubscription(
  subscriber: Client,
  stream: Omit<ReplicationStream, 'tables'>,
  publisher: DatabaseAddress,
): Promise<void> {
  await createMarkerTable(subscriber);
  const { rowCount } = await subscriber.query(
    'SELECT FROM pg_subscription WHERE subname = $1 AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())',
    [stream.subscription],
  );
  if (rowCount !== 1) {
    const connection = connectionString(publisher, {
      applicationName: stream.slot,
      serverPasswordFile: stream.serverPasswordFile,
    });
    await subscriber.query(
      `CREATE SUBSCRIPTION ${quoted(stream.subscription)} CONNECTION ${subscriber.escapeLiteral(connection)}
       PUBLICATION ${quoted(stream.publication)}
       WITH (create_slot = false, slot_name = ${quoted(stream.slot)}, copy_data = false, enabled = ${stream.startLsn === null})`,
    );
  }
  if (stream.startLsn !== null) await startAt(subscriber, stream.subscription, stream.startLsn);
}

/** Begins at a position, once: a stream that has applied anything goes on from there. */
async function startAt(subscriber: Client, subscription: string, startLsn: string): Promise<void> {
  const { rows } = await subscriber.query<{ enabled: boolean; origin: string; behind: boolean }>(
    `SELECT subenabled AS enabled, 'pg_' || oid AS origin,
            coalesce(pg_replication_origin_progress('pg_' || oid, true) < $2::pg_lsn, true) AS behind
     FROM pg_subscription WHERE subname = $1 AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [subscription, startLsn],
  );
  const [row] = rows;
  if (row === undefined || row.enabled) return;
  if (row.behind)
    await subscriber.query('SELECT pg_replication_origin_advance($1, $2::pg_lsn)', [row.origin, startLsn]);
  await subscriber.query(`ALTER SUBSCRIPTION ${quoted(subscription)} ENABLE`);
}

/**
 * Ends a subscription without touching the publisher, then drops the slot there when a session is given: disable,
 * forget the slot, drop, each bounded. Otherwise DROP SUBSCRIPTION would connect to the publisher, and wait for one
 * that is closed or gone. Nothing to do is fine.
 *
 * @throws Failed `subscription-stays`, `slot-stays`.
 */
export async function detach(
  subscriber: Client,
  stream: Pick<ReplicationStream, 'subscription' | 'slot'>,
  options: { readonly publisher?: Client | undefined; readonly timeoutMs: number },
): Promise<void> {
  const deadline = Date.now() + options.timeoutMs;
  const name = quoted(stream.subscription);
  const { rows } = await subscriber.query<{ oid: string }>(
    'SELECT oid::text FROM pg_subscription WHERE subname = $1 AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())',
    [stream.subscription],
  );
  const [found] = rows;
  if (found !== undefined) {
    try {
      await subscriber.query(`SET lock_timeout = ${Math.ceil(options.timeoutMs)}`);
      await subscriber.query(`ALTER SUBSCRIPTION ${name} DISABLE`);
      await subscriber.query(`ALTER SUBSCRIPTION ${name} SET (slot_name = NONE)`);
      await subscriber.query(`DROP SUBSCRIPTION ${name}`);
    } catch (cause) {
      throw subscriptionStays(stream.subscription, (cause as Error).message, cause);
    } finally {
      await subscriber.query('SET lock_timeout = 0');
    }
    await workerGone(subscriber, found.oid, stream.subscription, deadline);
  }
  if (options.publisher !== undefined)
    await dropSlot(options.publisher, stream.slot, { timeoutMs: Math.max(1, deadline - Date.now()) });
}

/**
 * Stops a subscription at once and waits until its worker is gone; nothing is lost, `resumeSubscription` goes on. The
 * worker is terminated, since by itself it notices up to a second later.
 *
 * @throws Failed `subscription-stays`.
 */
export async function pauseSubscription(
  subscriber: Client,
  subscription: string,
  options: { readonly timeoutMs: number },
): Promise<void> {
  await subscriber.query(`ALTER SUBSCRIPTION ${quoted(subscription)} DISABLE`);
  const { rows } = await subscriber.query<{ oid: string }>(
    `SELECT s.oid::text, (SELECT count(pg_terminate_backend(a.pid)) FROM pg_stat_subscription a WHERE a.subid = s.oid AND a.pid IS NOT NULL) AS ended
     FROM pg_subscription s WHERE s.subname = $1 AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [subscription],
  );
  const [found] = rows;
  if (found !== undefined)
    await workerGone(subscriber, found.oid, subscription, Date.now() + options.timeoutMs);
}

/** Lets a paused subscription go on. */
export async function resumeSubscription(subscriber: Client, subscription: string): Promise<void> {
  await subscriber.query(`ALTER SUBSCRIPTION ${quoted(subscription)} ENABLE`);
}

/** The apply worker is a session of its database: a rename would fail on it. */
async function workerGone(subscriber: Client, oid: string, name: string, deadline: number): Promise<void> {
  for (;;) {
    const { rows } = await subscriber.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_subscription WHERE subid = $1::oid AND pid IS NOT NULL',
      [oid],
    );
    if (rows.length === 0) return;
    if (Date.now() > deadline) throw subscriptionStays(name, `its worker ${rows[0]?.pid} runs on`, undefined);
    await delay(2);
  }
}

function subscriptionStays(name: string, seen: string, cause: unknown): Failed {
  return new Failed({
    code: 'subscription-stays',
    seen: `subscription ${name}: ${seen}`,
    expected: 'it disabled and dropped in time',
    next: 'find out what holds it (pg_locks, pg_stat_subscription), then resume',
    cause,
  });
}
