import { openDatabase } from '../postgres/fence.ts';
import { untilOpen } from '../postgres/until-open.ts';
import { DRAIN_TIMEOUT_MS } from './drain-back.ts';
import type { StepContext } from './step-kind.ts';
import { adminAddress, applicationName } from './target-databases.ts';

/**
 * Opens the live database again where a drain failed before anything was exchanged: it goes on serving while someone looks.
 * Tried until the server can be reached, since a fence that nobody opens is worse than any failed drain.
 *
 * @throws the last error, such as Failed `connection-failed`, once the time of a drain is over.
 * @example await reopenLive(context)
 */
export async function reopenLive(context: StepContext): Promise<void> {
  const { database } = context.plan.target.database;
  await untilOpen(
    {
      database,
      admin: adminAddress(context.plan.target),
      applicationName: applicationName(context),
      timeoutMs: DRAIN_TIMEOUT_MS,
      say: context.log,
    },
    (client) => openDatabase(client, database),
  );
}
