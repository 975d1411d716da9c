import { Refused } from '../../errors.ts';
import { type Client, withClient } from '../connection.ts';
import { dropDatabase, isHalfDropped } from '../drop-database.ts';
import { openDatabase } from '../fence.ts';
import { databaseOid } from '../switch.ts';
import type { CopyBegun, CopySite } from './begin-copy.ts';
import { dropCopyChanges } from './copy-changes.ts';
import { removeDdlGuard } from './ddl-guard.ts';
import { dropMarkerTable } from './marker.ts';
import { dropPublication } from './publication.ts';
import { removePasswordFile } from './server-password-file.ts';
import { dropSlot } from './slot.ts';
import type { ReplicationStream } from './stream.ts';
import { detach } from './subscription.ts';
import { switchHalfway } from './switch-halfway.ts';

const APPLICATION = 'roundtrip copy';

/**
 * Removes a copy and its forward stream: nothing is left on the source. The source is only freed of what the copy put
 * there. What a killed switch has closed, the copy and the source, is opened first. A copy that an earlier call dropped
 * half-way is dropped again.
 *
 * @throws Refused `copy-is-live` for a copy that carries the live name by now, told by its OID when `begun` is given;
 * `switch-halfway` when no database has the live name: nothing was dropped then.
 */
export async function abandonCopy(
  site: CopySite,
  stream: Pick<ReplicationStream, 'name' | 'publication' | 'slot' | 'subscription'>,
  options: {
    readonly timeoutMs: number;
    readonly begun?: Pick<CopyBegun, 'sourceOid' | 'copyOid'> | undefined;
  },
): Promise<void> {
  const { source, admin, copyDatabase } = site;
  if (copyDatabase === source.database) throw copyIsLive(copyDatabase);
  const left = await withClient(admin, { applicationName: APPLICATION }, async (client) => {
    await refuseMoved(client, site, options.begun);
    await openWhatWeClosed(client, site, stream.slot);
    // While a slot of it is being read, a database cannot be dropped.
    await dropCopyChanges({ session: client }, stream.name, options);
    if ((await databaseOid(client, copyDatabase)) === undefined) return 'nothing';
    return (await isHalfDropped(client, copyDatabase)) ? 'remains' : 'copy';
  });
  if (left === 'copy') {
    await withClient({ ...admin, database: copyDatabase }, { applicationName: APPLICATION }, async (copy) => {
      await detach(copy, stream, { timeoutMs: options.timeoutMs });
      await removePasswordFile(copy, stream.name);
    });
  }
  if (left !== 'nothing') {
    await withClient(admin, { applicationName: APPLICATION }, (client) =>
      dropDatabase(client, copyDatabase, { mustNotBe: [source.database] }),
    );
  }
  await withClient(source, { applicationName: APPLICATION }, async (client) => {
    await removeDdlGuard(client);
    await dropSlot(client, stream.slot, options);
    await dropPublication(client, stream.publication);
    await dropMarkerTable(client);
  });
}

/** Once names were exchanged, the copy is production, or about to be. */
async function refuseMoved(
  client: Client,
  { source }: CopySite,
  begun: Pick<CopyBegun, 'sourceOid' | 'copyOid'> | undefined,
): Promise<void> {
  const serving = await databaseOid(client, source.database);
  if (serving === undefined) throw switchHalfway(source.database, 'between');
  // Neither is fine too: a rollback whose return database was gone has put a restored one there.
  if (serving === begun?.copyOid) throw copyIsLive(source.database);
}

/**
 * A copy is closed by a switch alone. A source is closed by others as well, and opened here only where the copy is
 * still kept in step with it: then it is a switch that was killed before its first rename.
 */
async function openWhatWeClosed(
  client: Client,
  { source, copyDatabase }: CopySite,
  slot: string,
): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database d WHERE NOT datallowconn AND (datname = $1
       OR (datname = $2 AND EXISTS (SELECT FROM pg_replication_slots s WHERE s.slot_name = $3 AND s.database = d.datname)))`,
    [copyDatabase, source.database, slot],
  );
  for (const { name } of rows) await openDatabase(client, name);
}

function copyIsLive(name: string): Refused {
  return new Refused({
    code: 'copy-is-live',
    seen: `the copy is named ${name}, as the live database is`,
    expected: 'a scratch database',
    next: 'a copy that serves is not abandoned: roll back; before a switch, choose another name for the copy',
  });
}
