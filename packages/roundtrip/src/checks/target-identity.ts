import { identify } from '../postgres/identity.ts';
import type { Check, Finding } from './check.ts';

/** The right cluster and database, writable. A wrong host is the most expensive mistake there is. */
export const targetIdentity: Check = {
  name: 'identity',
  appliesTo: ['live', 'rehearsal'],
  async run({ plan, session }) {
    const { target } = plan;
    const { host, port, database } = target.database;
    const found: Finding[] = [];
    const identity = await identify(await session());
    if (target.systemIdentifier !== undefined && identity.systemIdentifier !== target.systemIdentifier) {
      found.push({
        code: 'wrong-target',
        severity: 'refusal',
        seen: `${host}:${port}/${database} is system ${identity.systemIdentifier}`,
        expected: `system ${target.systemIdentifier} as target "${target.name}" says`,
        cure: 'check the host and port of the target; do not change systemIdentifier to fit',
      });
    }
    if (target.systemIdentifier === undefined && target.environment === 'production') {
      found.push({
        code: 'target-unpinned',
        severity: 'warning',
        seen: `target "${target.name}" has no systemIdentifier`,
        expected: 'production pinned to its cluster',
        cure: `add "systemIdentifier": "${identity.systemIdentifier}" once you made sure that this is production`,
      });
    }
    if (identity.inRecovery) {
      found.push({
        code: 'read-only-replica',
        severity: 'refusal',
        seen: `${host}:${port} is a replica`,
        expected: 'the primary',
        cure: 'point the target at the primary',
      });
    }
    return found;
  },
};
