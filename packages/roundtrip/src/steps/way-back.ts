import { Failed, UndoFailed } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { withClient } from '../postgres/connection.ts';
import { compareFingerprints, fingerprintTables, type TableFingerprints } from '../postgres/fingerprint.ts';
import { databaseByOid, databaseOid, switchNames } from '../postgres/switch.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { backupOrigin, findOrRestoreReturn } from './restored-return.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';
import { adminAddress, applicationName, retiredDatabaseName } from './target-databases.ts';

/**
 * Opens the way back: proves that nothing was written since the backup's snapshot, so that the return database *is*
 * production as it stands. Its undo is the rollback's switch: production's name goes to the return database, and the
 * migrated one is kept under another name. Must stand before the first step that changes data.
 *
 * @example steps: () => [backup(), wayBack(), migrate({ … })]
 */
export function wayBack(options: StepCommon = {}): StepSpec {
  return stepSpec({
    kind: 'way-back',
    defaultId: 'way-back',
    defaultTitle: 'Open the way back',
    effect: 'reversible',
    common: options,
    args: {},
  });
}

/** What the backup step left that the way back rests on. */
interface BackupEvidence {
  readonly liveOid: string;
  readonly returnOid: string;
  readonly returnDatabase: string;
  readonly fingerprints: TableFingerprints;
}

function backupEvidence(context: StepContext): BackupEvidence {
  return context.evidenceOfKind('backup') as unknown as BackupEvidence;
}

function onAdmin<T>(context: StepContext, work: Parameters<typeof withClient<T>>[2]): Promise<T> {
  return withClient(adminAddress(context.plan.target), { applicationName: applicationName(context) }, work);
}

async function nothingWrittenSince(context: StepContext): Promise<JsonObject> {
  const { fingerprints } = backupEvidence(context);
  const now = await fingerprintTables(context.plan.target.database, {
    applicationName: applicationName(context),
    signal: context.signal,
  });
  const differing = compareFingerprints(fingerprints, now);
  if (differing.length === 0) return { tablesCompared: Object.keys(now).length };
  throw new Failed({
    code: 'written-since-backup',
    seen: `written to since the backup's snapshot: ${differing.join(', ')}`,
    expected: 'no writes while maintenance is on, so that a rollback loses none',
    next: 'find the writer (`SELECT * FROM pg_stat_activity`) and stop it; the run rolls back by itself',
    fields: { tables: differing },
  });
}

function expectedReturn(context: StepContext): { readonly fingerprints: TableFingerprints } {
  const drained = context.undoEvidenceOfKind('return-stream').returned as unknown as
    | TableFingerprints
    | undefined;
  return { fingerprints: drained ?? backupEvidence(context).fingerprints };
}

/**
 * Every table of the database that is live again is what it should be: as in the backup's snapshot, or, where a stream
 * kept it in step, as it was found once that was drained. Looked at here, inside the fence: once services run and
 * customers are back, a difference could be theirs.
 */
async function provenReturned(context: StepContext): Promise<JsonObject> {
  const { fingerprints } = expectedReturn(context);
  const now = await fingerprintTables(context.plan.target.database, {
    applicationName: applicationName(context),
    signal: context.signal,
  });
  const differing = compareFingerprints(fingerprints, now);
  if (differing.length === 0) return now as unknown as JsonObject;
  throw new UndoFailed({
    code: 'returned-differs',
    seen: `after the switch back, rows differ in: ${differing.join(', ')}`,
    expected: 'the database as it was before the run, with what customers wrote since',
    next: 'services are still stopped and maintenance is on: compare these tables with the backup before anyone is let in',
    fields: { tables: differing },
  });
}

export const wayBackKind = anyStepKind({
  kind: 'way-back',
  inspect: async () => 'not-done',
  do: nothingWrittenSince,
  async verify(context) {
    const { liveOid, returnOid } = backupEvidence(context);
    const names = await onAdmin(context, async (client) => ({
      live: await databaseByOid(client, liveOid),
      return: await databaseByOid(client, returnOid),
    }));
    if (names.live === context.plan.target.database.database && names.return !== undefined)
      return { open: true, returnDatabase: names.return };
    throw new Failed({
      code: 'way-back-closed',
      seen: `live database ${names.live ?? 'gone'}, return database ${names.return ?? 'gone'}`,
      expected: `${context.plan.target.database.database} with its return database beside it`,
      next: 'nothing was changed yet; the run rolls back by itself',
    });
  },
  async undo(context) {
    // Whatever changes data comes after this step: where it did not come to its end, the live database is as the run found it,
    // with what somebody wrote since the backup. The return database lacks that.
    if (context.evidenceOf(context.step.id).tablesCompared === undefined) return { switched: false };
    const { liveOid } = backupEvidence(context);
    const startedMs = context.now().getTime();
    const { oid: nextOid } = await findOrRestoreReturn(context, backupOrigin(context));
    const exchange = {
      liveName: context.plan.target.database.database,
      liveOid,
      nextOid,
      retiredName: retiredDatabaseName(context),
    };
    await onAdmin(context, (client) =>
      switchNames(client, {
        ...exchange,
        timeoutMs: context.timeoutMs,
        journal: async (mark) => context.mark(mark, { ...exchange }),
      }),
    );
    const switchMs = context.now().getTime() - startedMs;
    const serving = await onAdmin(context, (client) => databaseOid(client, exchange.liveName));
    return {
      ...exchange,
      servingOid: serving ?? null,
      switchMs,
      fingerprints: await provenReturned(context),
    };
  },
});
