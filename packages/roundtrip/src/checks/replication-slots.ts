import { megabytes } from './bytes.ts';
import type { Check, Finding } from './check.ts';

interface SlotRow {
  readonly slot: string;
  readonly kind: string;
  readonly database: string | null;
  readonly here: boolean;
  readonly active: boolean;
  readonly status: string;
  readonly retained: string;
  readonly keeps: string;
}

/**
 * Slots of others. One that nobody reads keeps all WAL since it was left: a dump's restore writes as much as the
 * database is large, and the disk of production is full in the middle of the night. One that is read from the database
 * to be exchanged is cut off by the fence.
 */
export const replicationSlots: Check = {
  name: 'replication slots',
  appliesTo: ['live', 'rehearsal'],
  async run({ session }) {
    const client = await session();
    const { rows } = await client.query<SlotRow>(
      `SELECT slot_name AS slot, slot_type AS kind, database, coalesce(database = current_database(), false) AS here, active,
              coalesce(wal_status, 'lost') AS status,
              (CASE WHEN pg_is_in_recovery() THEN 0 ELSE coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0) END)::bigint::text AS retained,
              (SELECT setting::bigint * 1024 * 1024 FROM pg_settings WHERE name = 'max_wal_size')::text AS keeps
       FROM pg_replication_slots ORDER BY slot_name`,
    );
    return rows.flatMap(slotFindings);
  },
};

function slotFindings(row: SlotRow): Finding[] {
  const { slot, kind, database, here, active, status } = row;
  const drop = `make sure that nobody needs it, then SELECT pg_drop_replication_slot('${slot}')`;
  if (status === 'lost')
    return [
      {
        code: 'slot-lost',
        severity: 'warning',
        seen: `slot ${slot} has lost WAL that it needed`,
        expected: 'slots that can still be read',
        cure: `its reader has to begin anew; ${drop}`,
      },
    ];
  if (!active) {
    const [retained, keeps] = [Number(row.retained), Number(row.keeps)];
    const seen = `slot ${slot} (${kind}${database === null ? '' : ` of ${database}`}) is read by nobody and retains ${megabytes(retained)} of WAL`;
    // Up to max_wal_size the server keeps as much anyway.
    return retained > keeps
      ? [
          {
            code: 'slot-stale',
            severity: 'refusal',
            seen: seen,
            expected: `at most ${megabytes(keeps)} (max_wal_size)`,
            cure: drop,
          },
        ]
      : [
          {
            code: 'slot-unread',
            severity: 'warning',
            seen: seen,
            expected: 'a reader for every slot',
            cure: drop,
          },
        ];
  }
  if (!here || kind !== 'logical' || slot.startsWith('roundtrip')) return [];
  return [
    {
      code: 'slot-of-others',
      severity: 'warning',
      seen: `slot ${slot} is read from ${database ?? 'this database'}`,
      expected: 'no other stream out of the database: the fence and the exchange of names cut it',
      cure: 'tell whoever reads it; its reader has to begin anew on the database that serves afterwards',
    },
  ];
}
