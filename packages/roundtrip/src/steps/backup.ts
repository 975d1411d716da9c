import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Failed } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { withClient } from '../postgres/connection.ts';
import { dumpDatabase } from '../postgres/dump.ts';
import { identify } from '../postgres/identity.ts';
import { readManifest, verifyManifest } from '../postgres/manifest.ts';
import { databaseByOid, dropDatabase } from '../postgres/switch.ts';
import { verifyBackup } from '../postgres/verify-backup.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';
import { endSurvivors, noteChildren } from './survivors.ts';
import { adminAddress, applicationName, returnDatabaseName } from './target-databases.ts';

export interface BackupArgs extends JsonObject {
  readonly jobs: number;
  readonly compressLevel: number;
}

/**
 * A backup to trust level T3: dumped in parallel from one snapshot, hashed, and restored beside the original with
 * every fingerprint equal. The restored database is kept: it is the return database of the way back.
 *
 * @example backup({ planned: '10min', owner: 'DevOps' })
 */
export function backup(
  options: StepCommon & {
    readonly jobs?: number | undefined;
    readonly compressLevel?: number | undefined;
  } = {},
): StepSpec {
  return stepSpec({
    kind: 'backup',
    defaultId: 'backup',
    defaultTitle: 'Create and verify the pre-migration backup',
    effect: 'reversible',
    common: options,
    args: { jobs: options.jobs ?? 2, compressLevel: options.compressLevel ?? 1 },
  });
}

/** Where a run keeps its backup. */
export function backupDirectory(runDirectory: string): string {
  return path.join(runDirectory, 'backup');
}

async function dropScratch(context: StepContext): Promise<void> {
  const database = returnDatabaseName(context);
  await withClient(
    adminAddress(context.plan.target),
    { applicationName: applicationName(context) },
    (client) => dropDatabase(client, database, { mustNotBe: [context.plan.target.database.database] }),
  );
}

export const backupKind = anyStepKind<BackupArgs>({
  kind: 'backup',
  // A backup is either complete with its outcome recorded, or made again from the start: `do` clears what is there.
  inspect: async () => 'not-done',
  async do(context, args) {
    const { target } = context.plan;
    const { signal, timeoutMs } = context;
    const directory = backupDirectory(context.runDirectory);
    await endSurvivors(context);
    rmSync(directory, { recursive: true, force: true });
    await dropScratch(context);
    const onLine = (_stream: string, line: string): void => context.log(line);
    const onSpawn = noteChildren(context);
    const live = await withClient(target.database, { applicationName: applicationName(context) }, identify);
    context.log(`dumping ${target.database.database} with ${args.jobs} jobs`);
    const dump = await dumpDatabase(target.database, {
      directory,
      jobs: args.jobs,
      compressLevel: args.compressLevel,
      signal,
      timeoutMs,
      onLine,
      onSpawn,
    });
    context.log(`restoring into ${returnDatabaseName(context)} to verify`);
    const verified = await verifyBackup({
      directory,
      admin: adminAddress(target),
      scratchDatabase: returnDatabaseName(context),
      jobs: args.jobs,
      signal,
      timeoutMs,
      onLine,
      onSpawn,
    });
    return {
      directory,
      trust: verified.trust,
      bytes: dump.bytes,
      tables: Object.keys(dump.fingerprints).length,
      systemIdentifier: live.systemIdentifier,
      liveOid: live.databaseOid,
      returnDatabase: verified.restoredDatabase,
      returnOid: verified.restoredOid,
      snapshotLsn: dump.snapshotLsn,
      fingerprints: dump.fingerprints as unknown as JsonObject,
    };
  },
  async verify(context) {
    const { directory, returnOid, trust } = context.evidenceOf(context.step.id);
    await verifyManifest(String(directory));
    const manifest = readManifest(String(directory));
    const name = await withClient(
      adminAddress(context.plan.target),
      { applicationName: applicationName(context) },
      (client) => databaseByOid(client, String(returnOid)),
    );
    if (trust === 'T3' && name !== undefined)
      return { files: manifest.files.length, returnDatabaseExists: true };
    throw new Failed({
      code: 'backup-unverified',
      seen: `trust level ${String(trust)}, return database ${name ?? 'gone'}`,
      expected: 'a backup restored with equal fingerprints (T3), its restored database still there',
      next: 'nothing destructive was begun; resume or abort the run',
    });
  },
  // The stream is gone by now: what is left is a copy as large as production, which grows stale with every order.
  async finish(context) {
    await dropScratch(context);
    return { returnDatabase: null, dumpKept: existsSync(backupDirectory(context.runDirectory)) };
  },
  async undo(context) {
    const directory = backupDirectory(context.runDirectory);
    const { name } = await withClient(
      adminAddress(context.plan.target),
      { applicationName: applicationName(context) },
      async (client) => {
        const present = await databaseByOid(
          client,
          String(context.evidenceOf(context.step.id).returnOid ?? '0'),
        );
        // Once the switch went back, the return database carries the live name and is production.
        if (present === returnDatabaseName(context))
          await dropDatabase(client, present, { mustNotBe: [context.plan.target.database.database] });
        return { name: present };
      },
    );
    return { returnDatabase: name ?? null, dumpKept: existsSync(directory) };
  },
});
