import type { Client } from '../connection.ts';
import type { ReplicationStream } from './stream.ts';

/** A slot as the publisher sees it. Sizes in bytes. */
export interface SlotHealth {
  readonly exists: boolean;
  /** The walsender that feeds the stream now; null while nobody is connected. */
  readonly activePid: number | null;
  /** `reserved`, `extended`, `unreserved` (may be lost at the next checkpoint) or `lost`. */
  readonly walStatus: string | null;
  /** WAL that is kept because of this slot. */
  readonly retainedBytes: number;
  /** `max_slot_wal_keep_size`: what it may keep; null without a cap. */
  readonly capBytes: number | null;
  /** Behind the publisher's present end of WAL, as far as the subscriber confirmed. */
  readonly lagBytes: number;
}

/** Both ends of a stream and what they mean for the way back. */
export interface StreamHealth {
  readonly verdict: 'open' | 'at-risk' | 'closed';
  /** Why it is not open, as sentences. */
  readonly reasons: readonly string[];
  readonly slot: SlotHealth;
  readonly subscription: {
    readonly exists: boolean;
    readonly enabled: boolean;
    readonly workerPid: number | null;
    /** Changes that could not be applied; the worker tries again and again. */
    readonly applyErrors: number;
    /** Tables whose changes are not applied yet, by the catalogue. */
    readonly tablesNotReady: number;
  };
}

/** Part of the cap from which on the way back is at risk. */
const RETAINED_SHARE_MAX = 0.7;

/** How much WAL a slot keeps, against its cap, and how far it is behind. */
export async function slotHealth(publisher: Client, slot: string): Promise<SlotHealth> {
  const { rows } = await publisher.query<{
    pid: number | null;
    status: string | null;
    retained: string | null;
    lag: string | null;
    cap: string | null;
  }>(
    `SELECT s.active_pid AS pid, s.wal_status AS status, pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)::text AS retained,
            pg_wal_lsn_diff(pg_current_wal_lsn(), s.confirmed_flush_lsn)::text AS lag,
            (SELECT CASE WHEN setting::bigint >= 0 THEN setting::bigint * 1024 * 1024 END::text FROM pg_settings WHERE name = 'max_slot_wal_keep_size') AS cap
     FROM pg_replication_slots s WHERE s.slot_name = $1`,
    [slot],
  );
  const [row] = rows;
  return {
    exists: row !== undefined,
    activePid: row?.pid ?? null,
    walStatus: row?.status ?? null,
    retainedBytes: Math.max(0, Number(row?.retained ?? 0)),
    capBytes: row?.cap == null ? null : Number(row.cap),
    lagBytes: Math.max(0, Number(row?.lag ?? 0)),
  };
}

/**
 * Judges a stream from both ends. `closed` only when changes are lost for good (slot gone or its WAL removed,
 * subscription gone): anything else may recover.
 */
export async function streamHealth(
  sessions: { readonly publisher: Client; readonly subscriber: Client },
  stream: Pick<ReplicationStream, 'slot' | 'subscription'>,
): Promise<StreamHealth> {
  const slot = await slotHealth(sessions.publisher, stream.slot);
  const { rows } = await sessions.subscriber.query<{
    enabled: boolean;
    pid: number | null;
    errors: string;
    waiting: string;
  }>(
    `SELECT s.subenabled AS enabled, (SELECT max(pid) FROM pg_stat_subscription a WHERE a.subid = s.oid AND a.relid IS NULL) AS pid,
            coalesce((SELECT e.apply_error_count FROM pg_stat_subscription_stats e WHERE e.subid = s.oid), 0)::text AS errors,
            (SELECT count(*) FROM pg_subscription_rel r WHERE r.srsubid = s.oid AND r.srsubstate <> 'r')::text AS waiting
     FROM pg_subscription s WHERE s.subname = $1 AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [stream.subscription],
  );
  const [row] = rows;
  const subscription = {
    exists: row !== undefined,
    enabled: row?.enabled ?? false,
    workerPid: row?.pid ?? null,
    applyErrors: Number(row?.errors ?? 0),
    tablesNotReady: Number(row?.waiting ?? 0),
  };
  const lost = [
    ...(slot.exists ? [] : [`slot ${stream.slot} is gone: changes since then are not kept`]),
    ...(slot.walStatus === 'lost' ? [`the WAL that slot ${stream.slot} needs was removed`] : []),
    ...(subscription.exists ? [] : [`subscription ${stream.subscription} is gone`]),
  ];
  if (lost.length > 0) return { verdict: 'closed', reasons: lost, slot, subscription };
  const reasons = risks(slot, subscription);
  return { verdict: reasons.length === 0 ? 'open' : 'at-risk', reasons, slot, subscription };
}

function risks(slot: SlotHealth, subscription: StreamHealth['subscription']): string[] {
  const reasons: string[] = [];
  if (slot.walStatus === 'unreserved')
    reasons.push('the WAL that the slot needs may be removed at the next checkpoint');
  if (slot.capBytes !== null && slot.retainedBytes > slot.capBytes * RETAINED_SHARE_MAX)
    reasons.push(`${slot.retainedBytes} of ${slot.capBytes} bytes of WAL are kept for it`);
  if (!subscription.enabled) reasons.push('the subscription is disabled');
  else if (subscription.workerPid === null || slot.activePid === null)
    reasons.push(
      subscription.applyErrors > 0
        ? `changes could not be applied ${subscription.applyErrors} times: read the subscriber's server log`
        : 'no worker is connected',
    );
  if (subscription.tablesNotReady > 0) reasons.push(`${subscription.tablesNotReady} tables are not ready`);
  return reasons;
}
