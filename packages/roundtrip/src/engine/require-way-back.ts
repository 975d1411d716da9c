import { asRoundtripError, Refused } from '../errors.ts';
import { type RunState, stepState } from '../journal/fold.ts';
import { stepOfKind } from '../journal/table-proof.ts';
import type { JsonObject } from '../json.ts';
import { withClient } from '../postgres/connection.ts';
import { verifyManifest } from '../postgres/manifest.ts';
import { databaseByOid, databaseOid } from '../postgres/switch.ts';
import type { Plan } from '../runbook/plan.ts';
import { backupDirectory } from '../steps/backup.ts';
import { copyDirectory } from '../steps/copy-beside.ts';
import { adminAddress } from '../steps/target-databases.ts';

/**
 * Looked at before a rollback that a person asks for, hours later, takes the first thing down: in place it stops the
 * services and then undoes what leads to the switch, and would stand there, the shop closed, with nothing to go back to. The
 * database that serves must have its name, and there must be a return database, or a whole backup to make one from.
 *
 * `runDirectory` is where the run's files are; `elsewhere` says that another machine may have them, which is not judged here.
 *
 * @throws Refused `live-database-missing`, `nothing-to-go-back-to`; Failed `connection-failed`: nothing was changed.
 */
export async function requireWayBack(
  plan: Plan,
  state: RunState,
  { runDirectory, elsewhere }: { readonly runDirectory: string; readonly elsewhere: boolean },
): Promise<void> {
  const switched = evidenceOf(plan, state, 'switch-over');
  const beside = switched.returnOid !== undefined;
  const kept = beside ? switched : evidenceOf(plan, state, 'backup');
  if (kept.returnOid === undefined) return;
  const { database } = plan.target.database;
  const session = { applicationName: 'roundtrip rollback' };
  const names = await withClient(adminAddress(plan.target), session, async (client) => ({
    live: await databaseOid(client, database),
    serving: await databaseByOid(client, String(kept.liveOid ?? 0)),
    return: await databaseByOid(client, String(kept.returnOid)),
  }));
  if (names.live === undefined) throw liveMissing(database, names.serving);
  if (names.return !== undefined || elsewhere) return;
  const directory = beside ? copyDirectory(runDirectory) : backupDirectory(runDirectory);
  await verifyManifest(directory).catch((cause: unknown) => {
    throw new Refused({
      code: 'nothing-to-go-back-to',
      seen: `the return database ${String(kept.returnDatabase)} is gone, and so is its backup: ${asRoundtripError(cause).seen}`,
      expected: 'at least one of them, before anything is taken down',
      next: `bring the backup back into ${directory} (\`roundtrip backup fetch\` from its copy), then repeat; production was left as it is`,
      cause,
    });
  });
}

function liveMissing(database: string, serving: string | undefined): Refused {
  return new Refused({
    code: 'live-database-missing',
    seen: `no database is named ${database}; the one that the run left there is ${serving === undefined ? 'gone' : `named ${serving}`}`,
    expected: `the database that serves under the name ${database}`,
    next:
      serving === undefined
        ? 'find out who dropped it before anything else: what customers wrote last is in the return database'
        : `find out who renamed it, then psql -d postgres -c 'ALTER DATABASE "${serving}" RENAME TO "${database}"' and repeat`,
  });
}

function evidenceOf(plan: Plan, state: RunState, kind: string): JsonObject {
  const step = stepOfKind(plan, kind);
  return step === undefined ? {} : stepState(state, step.id).do.evidence;
}
