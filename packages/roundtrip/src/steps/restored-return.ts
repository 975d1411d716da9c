import { existsSync } from 'node:fs';
import { Failed } from '../errors.ts';
import { withClient } from '../postgres/connection.ts';
import { databaseByOid } from '../postgres/switch.ts';
import { verifyBackup } from '../postgres/verify-backup.ts';
import { backupDirectory } from './backup.ts';
import type { StepContext } from './step-kind.ts';
import { endSurvivors, noteChildren } from './survivors.ts';
import { adminAddress, applicationName, restoredDatabaseName } from './target-databases.ts';

/** The database that takes production's name in a rollback. */
export interface ReturnDatabase {
  readonly oid: string;
  readonly name: string;
  /** Made from the backup because the return database is gone: the slow way back. */
  readonly restored: boolean;
}

/** What a rollback goes back to, and the backup that it is made from anew where it is gone. */
export interface ReturnOrigin {
  readonly returnOid: string;
  readonly returnDatabase: string;
  /** Folder of the backup of before the migration. */
  readonly directory: string;
}

/**
 * The return database, or, where it is gone, one restored and verified from the run's backup.
 *
 * @throws Failed `way-back-closed` when the backup is gone too, `backup-corrupt`, `backup-differs`.
 */
export async function findOrRestoreReturn(
  context: StepContext,
  origin: ReturnOrigin,
): Promise<ReturnDatabase> {
  const { returnOid } = origin;
  const name = await withClient(
    adminAddress(context.plan.target),
    { applicationName: applicationName(context) },
    (client) => databaseByOid(client, returnOid),
  );
  if (name !== undefined) return { oid: returnOid, name, restored: false };
  const known = context.undoEvidenceOfKind('return-stream').restoredOid ?? context.marks.restored?.oid;
  const oid = typeof known === 'string' ? known : await restore(context, origin);
  return { oid, name: restoredDatabaseName(context), restored: true };
}

/** The origin of an in-place run: its backup step. */
export function backupOrigin(context: StepContext): ReturnOrigin {
  const { returnOid, returnDatabase } = context.evidenceOfKind('backup');
  return {
    returnOid: String(returnOid),
    returnDatabase: String(returnDatabase),
    directory: backupDirectory(context.runDirectory),
  };
}

async function restore(context: StepContext, { directory, returnDatabase }: ReturnOrigin): Promise<string> {
  if (!existsSync(directory)) {
    throw new Failed({
      code: 'way-back-closed',
      seen: `neither the return database ${returnDatabase} nor the backup in ${directory} exists`,
      expected: 'at least one of them',
      next: 'bring the backup back into that folder (`roundtrip backup fetch` from its copy), then `roundtrip resume`',
    });
  }
  context.log(`the return database ${returnDatabase} is gone: restoring the backup (the slow way back)`);
  await endSurvivors(context);
  const { restoredOid } = await verifyBackup({
    directory,
    admin: adminAddress(context.plan.target),
    scratchDatabase: restoredDatabaseName(context),
    replaceScratch: true,
    jobs: 2,
    signal: context.signal,
    timeoutMs: context.timeoutMs,
    onSpawn: noteChildren(context),
  });
  await context.mark('restored', { oid: restoredOid, database: restoredDatabaseName(context) });
  return restoredOid;
}
