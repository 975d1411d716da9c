import type { Client } from '../postgres/connection.ts';
import { megabytes } from './bytes.ts';
import type { Check, Finding } from './check.ts';
import { type ServerRoom, serverRoom } from './server-room.ts';

/** What a night adds on the server's side, in bytes. */
export interface NightNeeds {
  readonly database: string;
  readonly databaseBytes: number;
  /** WAL that the server keeps anyway (`max_wal_size`). */
  readonly walKeptBytes: number;
  /** A slot holds all WAL from before the copy is made until it is drained. */
  readonly walHeld: boolean;
}

/** Room on the server for the restored copy and for the WAL that making it writes. The dump is the operator's: `disk space`. */
export const serverDisk: Check = {
  name: 'server disk',
  appliesTo: ['live', 'rehearsal'],
  async run({ plan, runKind, session }) {
    const copies = plan.steps.filter(({ kind }) => ['backup', 'copy-beside', 'staging-copy'].includes(kind));
    if (copies.length === 0 || runKind === 'rehearsal') return [];
    const client = await session();
    const room = await serverRoom(client);
    const { host, database } = plan.target.database;
    if (room === undefined)
      return [
        {
          code: 'server-disk-unseen',
          severity: 'warning',
          seen: `the disk of the server ${host} cannot be seen from here`,
          expected: 'room for a second copy of the database, and for the WAL of making it',
          cure: "look there (df), or let the runbook look: requireCommand({ host, argv: ['sh', '-c', 'test $(df -Pk … ) -gt …'] })",
        },
      ];
    const walHeld = copies.some(({ kind }) => kind === 'copy-beside');
    return roomFindings(room, { database, walHeld, ...(await sizes(client)) });
  },
};

async function sizes(client: Client): Promise<Pick<NightNeeds, 'databaseBytes' | 'walKeptBytes'>> {
  const { rows } = await client.query<{ database: string; kept: string }>(
    `SELECT pg_database_size(current_database())::text AS database,
            (SELECT setting::bigint * 1024 * 1024 FROM pg_settings WHERE name = 'max_wal_size')::text AS kept`,
  );
  return {
    databaseBytes: Number(rows[0]?.database ?? Number.NaN),
    walKeptBytes: Number(rows[0]?.kept ?? Number.NaN),
  };
}

/**
 * What is missing. Pure. A restore writes its rows once into tables and once into WAL; without a slot the server lets go of WAL
 * beyond `max_wal_size`. Errs to the safe side: indexes are counted into both.
 *
 * @example roomFindings(room, { database: 'shop', databaseBytes: 8e9, walKeptBytes: 1e9, walHeld: false })
 */
export function roomFindings(room: ServerRoom, needs: NightNeeds): readonly Finding[] {
  const { database, databaseBytes, walKeptBytes, walHeld } = needs;
  const walBytes = walHeld ? databaseBytes : Math.min(databaseBytes, walKeptBytes);
  const cure = 'free the disk or enlarge it, days ahead: a full one stops the database that serves';
  const rows: Finding[] = [];
  const asked = room.shared
    ? [{ ...room.data, bytes: databaseBytes + walBytes, what: `the copy of ${database} and its WAL` }]
    : [
        { ...room.data, bytes: databaseBytes, what: `the copy of ${database}` },
        { ...room.wal, bytes: walBytes, what: 'the WAL of making the copy' },
      ];
  for (const { folder, freeBytes, bytes, what } of asked)
    if (freeBytes < bytes)
      rows.push({
        code: 'server-disk-too-small',
        severity: 'refusal',
        seen: `${megabytes(freeBytes)} free at ${folder} of the server`,
        expected: `at least ${megabytes(bytes)} for ${what}`,
        cure,
      });
  return rows;
}
