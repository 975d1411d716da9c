import { statfs } from 'node:fs/promises';
import { withClient } from '../postgres/connection.ts';
import { megabytes } from './bytes.ts';
import type { Check } from './check.ts';

/** The dump is compressed, but a dump of incompressible data is as large as the database without its indexes. */
const DUMP_FACTOR = 1;

/** Room for the dump on the operator's side. The restored copy needs as much again on the server's side. */
export const diskSpace: Check = {
  name: 'disk space',
  appliesTo: ['live', 'rehearsal'],
  async run({ plan, stateFolder, runKind }) {
    if (runKind === 'rehearsal') return [];
    const { bavail, bsize } = await statfs(stateFolder);
    const freeBytes = bavail * bsize;
    const databaseBytes = await withClient(
      plan.target.database,
      { applicationName: 'roundtrip check' },
      async (client) => {
        const { rows } = await client.query<{ bytes: string }>(
          'SELECT pg_database_size(current_database())::text AS bytes',
        );
        return Number(rows[0]?.bytes ?? Number.NaN);
      },
    );
    const neededBytes = databaseBytes * DUMP_FACTOR;
    if (freeBytes >= neededBytes) return [];
    return [
      {
        code: 'disk-too-small',
        severity: 'refusal',
        seen: `${megabytes(freeBytes)} free at ${stateFolder}`,
        expected: `at least ${megabytes(neededBytes)} for the dump`,
        cure: 'free the disk or choose another --state folder',
      },
    ];
  },
};
