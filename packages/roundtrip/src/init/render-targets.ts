import { suffixedName } from '../postgres/database-name.ts';
import type { Proposal } from './proposal.ts';

/**
 * `targets.json`: production as it was reached, pinned to its cluster, and a staging database beside it. Pure; holds no password.
 *
 * @example writeFileSync('targets.json', renderTargets(proposal))
 */
export function renderTargets({ address, passwordFile, facts }: Proposal): string {
  const { host, port, user, database } = address;
  const file = passwordFile === undefined ? {} : { passwordFile };
  const { systemIdentifier } = facts.identity;
  const staging = suffixedName(database, '_staging');
  const targets = {
    production: {
      environment: 'production',
      staging: 'staging',
      systemIdentifier,
      database: { host, port, user, database, ...file },
      settings: {},
    },
    staging: {
      environment: 'staging',
      systemIdentifier,
      database: { host, port, user, database: staging, ...file },
      settings: {},
    },
  };
  return `${JSON.stringify(targets, null, 2)}\n`;
}
