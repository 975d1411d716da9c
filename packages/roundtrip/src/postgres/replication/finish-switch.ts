import { type Client, type DatabaseAddress, withClient } from '../connection.ts';
import { openDatabase } from '../fence.ts';
import { removeDdlGuard } from './ddl-guard.ts';
import { drainTo } from './drain.ts';
import { dropPublication } from './publication.ts';
import { connectReverse } from './reverse.ts';
import { removePasswordFile } from './server-password-file.ts';
import { switchApplication } from './stand-down.ts';
import type { ReplicationStream } from './stream.ts';
import { detach } from './subscription.ts';
import type { SwitchToCopyOptions } from './switch-to-copy.ts';

/**
 * What follows the exchange while clients are served: the old database, now the return database, is opened to us and
 * subscribes to the new one under its live name; the forward stream is removed. Can be repeated.
 */
export async function finishSwitch(
  client: Client,
  options: SwitchToCopyOptions,
  reverse: ReplicationStream,
): Promise<ReplicationStream> {
  const { source, admin, begun, returnDatabase, timeoutMs } = options;
  const session = { applicationName: switchApplication(options) };
  const live: DatabaseAddress = source;
  const back: DatabaseAddress = { ...source, database: returnDatabase };
  await withClient({ ...admin, database: live.database }, session, async (copy) => {
    await detach(copy, begun.stream, { publisher: client, timeoutMs });
    if (begun.stream.passwordFileInstalled) await removePasswordFile(copy, begun.stream.name);
  });
  await openDatabase(client, returnDatabase);
  return withClient(back, session, async (returned) => {
    // First: what follows is DDL, too.
    await removeDdlGuard(returned);
    await dropPublication(returned, begun.stream.publication);
    const stream = await connectReverse(returned, reverse, {
      live,
      serverPasswordFile: options.serverPasswordFile,
      noted: options.noted,
    });
    await withClient(live, session, (publisher) =>
      drainTo({ publisher, subscriber: returned }, stream, { timeoutMs }),
    );
    return stream;
  });
}
