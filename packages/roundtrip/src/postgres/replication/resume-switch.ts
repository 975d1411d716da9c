import { type Client, withClient } from '../connection.ts';
import { openDatabase } from '../fence.ts';
import { databaseByOid, inspectSwitch, switchNames } from '../switch.ts';
import type { ReplicationStream } from './stream.ts';
import { resumeSubscription } from './subscription.ts';
import { finishSwitch, type SwitchToCopyOptions } from './switch-to-copy.ts';

/** How an interrupted switch was settled. */
export type SettledSwitch =
  /** The old database serves again and the copy is kept in step: `switchToCopy` can be called anew. */
  | { readonly serving: 'old' }
  /** The new one serves, the way back is open. */
  | { readonly serving: 'new'; readonly reverse: ReplicationStream };

/**
 * Settles a `switchToCopy` whose process died, by the catalogue: before the first rename the old database is opened
 * again, from then on the exchange is completed. Never both: the database that does not serve stays closed to clients
 * under the live name. Can be repeated.
 *
 * `reverse` is what the journal got with the mark `fenced`; it is there whenever the names were touched.
 *
 * @throws Ambiguous `switch-unclear`.
 */
export async function resumeSwitch(
  options: SwitchToCopyOptions,
  reverse: ReplicationStream | undefined,
): Promise<SettledSwitch> {
  const { admin, source, begun, returnDatabase, timeoutMs, journal } = options;
  const exchange = {
    liveName: source.database,
    liveOid: begun.sourceOid,
    nextOid: begun.copyOid,
    retiredName: returnDatabase,
  };
  return withClient(admin, { applicationName: 'roundtrip switch' }, async (client) => {
    const position = await inspectSwitch(client, exchange);
    if (position === 'before' || reverse === undefined) {
      await reopen(client, options);
      return { serving: 'old' };
    }
    await switchNames(client, { ...exchange, timeoutMs, journal });
    return { serving: 'new', reverse: await finishSwitch(client, options, reverse) };
  });
}

/** Lets clients into the old database and the forward stream go on; both may have been closed. */
async function reopen(client: Client, options: SwitchToCopyOptions): Promise<void> {
  const { admin, source, begun } = options;
  await openDatabase(client, source.database);
  const copyDatabase = await databaseByOid(client, begun.copyOid);
  if (copyDatabase === undefined) return;
  await openDatabase(client, copyDatabase);
  await withClient({ ...admin, database: copyDatabase }, { applicationName: 'roundtrip switch' }, (copy) =>
    resumeSubscription(copy, begun.stream.subscription),
  );
}
