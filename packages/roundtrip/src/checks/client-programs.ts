import { identify } from '../postgres/identity.ts';
import { findPrograms } from '../postgres/programs.ts';
import type { Check, Finding } from './check.ts';
import { onProduction } from './on-production.ts';

/** The oldest server whose traps this code knows. */
const MAJOR_MIN = 15;

/**
 * pg_dump refuses servers newer than itself, and a dump is restored by no older server: better to know days ahead than at
 * 02:02.
 */
export const clientPrograms: Check = {
  name: 'client programs',
  appliesTo: ['live', 'rehearsal'],
  async run(context) {
    const programs = await findPrograms();
    const here = majorOf((await identify(await context.session())).serverVersion);
    const production = await onProduction(context, async (client) =>
      majorOf((await identify(client)).serverVersion),
    );
    const found: Finding[] = [];
    const newest = Math.max(here, production ?? here);
    if (programs.major < newest || Math.min(here, production ?? here) < MAJOR_MIN)
      found.push({
        code: 'version-unsupported',
        severity: 'refusal',
        seen: `client programs ${programs.major} in ${programs.directory}, server ${newest}`,
        expected: `PostgreSQL ${MAJOR_MIN} or newer, with client programs at least as new as the server`,
        cure: 'install newer client programs or set ROUNDTRIP_PG_BIN',
      });
    if (production !== undefined && here < production)
      found.push({
        code: 'version-unsupported',
        severity: 'refusal',
        seen: `staging is PostgreSQL ${here}, production ${production}`,
        expected: 'staging at least as new as what is restored into it, or nothing is rehearsed',
        cure: 'upgrade the staging cluster',
      });
    return found;
  },
};

function majorOf(serverVersion: number): number {
  return Math.floor(serverVersion / 10_000);
}
