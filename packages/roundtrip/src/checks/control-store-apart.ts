import { identify } from '../postgres/identity.ts';
import type { Check } from './check.ts';

/**
 * The journal does not live in the cluster that it is about: what takes that down would take the way out of it along, and a
 * restore of the cluster would take the journal back in time.
 */
export const controlStoreApart: Check = {
  name: 'control-store',
  appliesTo: ['live', 'rehearsal'],
  async run({ plan, session, controlStore }) {
    if (controlStore?.systemIdentifier === undefined) return [];
    const { systemIdentifier } = await identify(await session());
    if (systemIdentifier !== controlStore.systemIdentifier) return [];
    return [
      {
        code: 'control-store-in-target',
        severity: 'refusal',
        seen: `${controlStore.name} is in the cluster of target "${plan.target.name}", system ${systemIdentifier}`,
        expected: 'another cluster than the one that is migrated',
        cure: 'make a database for it on another server and name that with --control-store, with an empty --state',
      },
    ];
  },
};
