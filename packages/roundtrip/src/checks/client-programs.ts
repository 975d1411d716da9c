import { withClient } from '../postgres/connection.ts';
import { identify } from '../postgres/identity.ts';
import { findPrograms } from '../postgres/programs.ts';
import type { Check } from './check.ts';

/** pg_dump refuses servers newer than itself; better to know days ahead than at 02:02. */
export const clientPrograms: Check = {
  name: 'client programs',
  appliesTo: ['live', 'rehearsal'],
  async run({ plan, runKind }) {
    const programs = await findPrograms();
    if (runKind === 'rehearsal') return [];
    const { serverVersion } = await withClient(
      plan.target.database,
      { applicationName: 'roundtrip check' },
      identify,
    );
    const serverMajor = Math.floor(serverVersion / 10_000);
    if (programs.major >= serverMajor && serverMajor >= 15) return [];
    const seen = `client programs ${programs.major} in ${programs.directory}, server ${serverMajor}`;
    return [
      {
        code: 'version-unsupported',
        severity: 'refusal',
        seen,
        expected: 'PostgreSQL 15 or newer, with client programs at least as new as the server',
        cure: 'install newer client programs or set ROUNDTRIP_PG_BIN',
      },
    ];
  },
};
