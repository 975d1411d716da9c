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

/**
 * The return database, or, where it is gone, one restored and verified from the run's backup.
 *
 * @throws Failed `way-back-closed` when the backup is gone too, `backup-corrupt`, `backup-differs`.
 */
export async function findOrRestoreReturn(context: StepContext): Promise<ReturnDatabase> {
  const { returnOid, returnDatabase } = context.evidenceOfKind('backup');
  const name = await withClient(
    adminAddress(context.plan.target),
    { applicationName: applicationName(context) },
    (client) => databaseByOid(client, String(returnOid)),
  );
  if (name !== undefined) return { oid: String(returnOid), name, restored: false };
  const known = context.undoEvidenceOfKind('return-stream').restoredOid ?? context.marks.restored?.oid;
  if (typeof known === 'string') return { oid: known, name: restoredDatabaseName(context), restored: true };
  return {
    oid: await restore(context, String(returnDatabase)),
    name: restoredDatabaseName(context),
    restored: true,
  };
}

async function restore(context: StepContext, returnDatabase: string): Promise<string> {
  const directory = backupDirectory(context.runDirectory);
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
  context.mark('restored', { oid: restoredOid, database: restoredDatabaseName(context) });
  return restoredOid;
}
