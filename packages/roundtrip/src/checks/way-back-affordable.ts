import type { Client } from '../postgres/connection.ts';
import { formatMs } from '../runbook/duration.ts';
import { megabytes } from './bytes.ts';
import type { Check, Finding } from './check.ts';
import { serverRoom } from './server-room.ts';

/** A stream that stands still must survive this long: an alarm, somebody who wakes up, a cure. */
const STANDSTILL_MS_MIN = 3_600_000;
/** A rate over less than this is that of what was done last, and says nothing of a day. */
const RATE_SECONDS_MIN = 3_600;

/** What keeping a way back open can cost. */
export interface WayBackCosts {
  /** `max_slot_wal_keep_size`; null without a cap. */
  readonly capBytes: number | null;
  /** WAL that the server wrote a second, on average; null where nobody knows. */
  readonly bytesPerSecond: number | null;
  /** Free where the WAL is; null where it cannot be seen. */
  readonly freeBytes: number | null;
}

/**
 * While the way back is open, a slot keeps the WAL that the return database has not taken. Whether its cap leaves time to cure a
 * stream that stands still, and whether the disk holds what the cap allows.
 */
export const wayBackAffordable: Check = {
  name: 'way back',
  appliesTo: ['live'],
  async run({ plan, session }) {
    const streams = plan.steps.some(({ kind }) => kind === 'return-stream' || kind === 'switch-over');
    if (!streams) return [];
    const client = await session();
    const room = await serverRoom(client);
    const costs = { ...(await writtenOnAverage(client)), freeBytes: room?.wal.freeBytes ?? null };
    return costFindings(costs);
  },
};

async function writtenOnAverage(client: Client): Promise<Pick<WayBackCosts, 'capBytes' | 'bytesPerSecond'>> {
  const { rows } = await client.query<{ cap: string | null; bytes: string; seconds: number }>(
    `SELECT (SELECT CASE WHEN setting::bigint >= 0 THEN setting::bigint * 1024 * 1024 END FROM pg_settings WHERE name = 'max_slot_wal_keep_size')::text AS cap,
            wal_bytes::text AS bytes, extract(epoch FROM clock_timestamp() - stats_reset)::float8 AS seconds
     FROM pg_stat_wal`,
  );
  const [row] = rows;
  const seconds = row?.seconds ?? 0;
  return {
    capBytes: row?.cap == null ? null : Number(row.cap),
    bytesPerSecond: row === undefined || seconds < RATE_SECONDS_MIN ? null : Number(row.bytes) / seconds,
  };
}

/**
 * What of it cannot be afforded. Pure.
 *
 * @example costFindings({ capBytes: 20e9, bytesPerSecond: 1e6, freeBytes: 100e9 }) // []: 5.5 h of standstill
 */
export function costFindings({ capBytes, bytesPerSecond, freeBytes }: WayBackCosts): readonly Finding[] {
  const found: Finding[] = [];
  if (capBytes !== null && freeBytes !== null && freeBytes < capBytes)
    found.push({
      code: 'wal-cap-over-disk',
      severity: 'refusal',
      seen: `max_slot_wal_keep_size allows ${megabytes(capBytes)}, and ${megabytes(freeBytes)} are free where the WAL is`,
      expected: 'a cap that the disk can hold: before it is reached production would stand still',
      cure: 'lower the cap (ALTER SYSTEM SET max_slot_wal_keep_size; SELECT pg_reload_conf()), or enlarge the disk',
    });
  const heldBytes = Math.min(capBytes ?? Number.POSITIVE_INFINITY, freeBytes ?? Number.POSITIVE_INFINITY);
  if (bytesPerSecond === null || bytesPerSecond <= 0 || !Number.isFinite(heldBytes)) return found;
  const standstillMs = Math.floor((heldBytes / bytesPerSecond) * 1_000);
  if (standstillMs < STANDSTILL_MS_MIN)
    found.push({
      code: 'way-back-too-short',
      severity: 'refusal',
      seen: `the server writes ${megabytes(bytesPerSecond * 3_600)} of WAL an hour: a stream that stands still ${capBytes === null ? 'fills the disk' : 'loses the way back'} after ${formatMs(standstillMs)}`,
      expected: `at least ${formatMs(STANDSTILL_MS_MIN)}, to be told and to cure it`,
      cure: 'raise max_slot_wal_keep_size and have the disk for it',
    });
  return found;
}
