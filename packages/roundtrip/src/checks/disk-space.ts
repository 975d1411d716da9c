import { statfs } from 'node:fs/promises';
import { megabytes } from './bytes.ts';
import type { Check } from './check.ts';

/** The dump is compressed, but a dump of incompressible data is as large as the database without its indexes. */
const DUMP_FACTOR = 1;

/** `diskSpace` for a dump of so many times the database. @example diskSpaceFor({ factor: 1 }) */
export function diskSpaceFor({ factor }: { readonly factor: number }): Check {
  return {
    name: 'disk space',
    appliesTo: ['live', 'rehearsal'],
    async run({ stateFolder, runKind, session }) {
      if (runKind === 'rehearsal') return [];
      const { bavail, bsize } = await statfs(stateFolder);
      const freeBytes = bavail * bsize;
      const client = await session();
      const { rows } = await client.query<{ bytes: string }>(
        'SELECT pg_database_size(current_database())::text AS bytes',
      );
      const neededBytes = Number(rows[0]?.bytes ?? Number.NaN) * factor;
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
}

/** Room for the dump on the operator's side. The restored copy needs as much again on the server's: `server disk`. */
export const diskSpace: Check = diskSpaceFor({ factor: DUMP_FACTOR });
