import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type CopyDestination, copyTo, openDestination } from '../backup-store/copy-destination.ts';
import { readCopy } from '../backup-store/fetch-backup.ts';
import { unpinCopy } from '../backup-store/pins.ts';
import { probeStore } from '../backup-store/probe-store.ts';
import { type SmokeCommand, smokeTestRestored } from '../backup-store/smoke-test-restored.ts';
import { Failed } from '../errors.ts';
import { type Json, type JsonObject, valueAt } from '../json.ts';
import { withClient } from '../postgres/connection.ts';
import { dropDatabase } from '../postgres/drop-database.ts';
import { COMPRESS_LEVEL, dumpDatabase } from '../postgres/dump.ts';
import { identify } from '../postgres/identity.ts';
import { verifyManifest } from '../postgres/manifest.ts';
import { databaseByOid } from '../postgres/switch.ts';
import { type VerifiedBackup, verifyBackup } from '../postgres/verify-backup.ts';
import { writeHorizon } from '../postgres/write-evidence.ts';
import { type StepCommon, type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import { dropRehearsedArchive } from './rehearsed-archive.ts';
import { anyStepKind, type Finding, type StepContext } from './step-kind.ts';
import { endSurvivors, noteChildren } from './survivors.ts';
import { adminAddress, applicationName, returnDatabaseName } from './target-databases.ts';

export interface BackupArgs extends JsonObject {
  readonly jobs: number;
  readonly compressLevel: number;
  /** A `SmokeCommand`. */
  readonly smokeTest?: JsonObject | undefined;
  /** A `CopyDestination`. */
  readonly copy?: JsonObject | undefined;
}

/**
 * A backup to trust level T3: dumped in parallel from one snapshot, hashed, and restored beside the original with
 * every fingerprint equal. The restored database is kept: it is the return database of the way back.
 *
 * With `smokeTest`, to T4: the application's own command passes on the restored database. With `copy`, the backup is also copied
 * off the machine, and pinned there for as long as this run may need it.
 *
 * @example backup({ planned: '10min', copy: { to: 's3://backups/shop', recipients: ['age1…'] } })
 */
export function backup(
  options: StepCommon & {
    readonly jobs?: number | undefined;
    readonly compressLevel?: number | undefined;
    readonly smokeTest?: SmokeCommand | undefined;
    readonly copy?: CopyDestination | undefined;
  } = {},
): StepSpec {
  return stepSpec({
    kind: 'backup',
    defaultId: 'backup',
    defaultTitle: 'Create and verify the pre-migration backup',
    effect: 'reversible',
    common: options,
    args: {
      jobs: options.jobs ?? 2,
      compressLevel: options.compressLevel ?? COMPRESS_LEVEL,
      smokeTest: plain(options.smokeTest),
      copy: plain(options.copy),
    },
  });
}

/** As data of the plan, without what was left out. */
function plain(value: object | undefined): JsonObject | undefined {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as JsonObject);
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
  check: checkDestination,
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
    // Before the dump's snapshot: what is written in between counts as written, which is the safe side.
    const { live, horizon } = await withClient(
      target.database,
      { applicationName: applicationName(context) },
      async (client) => ({ live: await identify(client), horizon: await writeHorizon(client) }),
    );
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
    const { trust, smokeTestMs } = await smokeTested(context, args, verified);
    const copy = await copied(context, args, trust);
    return {
      directory,
      trust,
      smokeTestMs,
      copy,
      bytes: dump.bytes,
      tables: Object.keys(dump.fingerprints).length,
      systemIdentifier: live.systemIdentifier,
      liveOid: live.databaseOid,
      returnDatabase: verified.restoredDatabase,
      returnOid: verified.restoredOid,
      snapshotLsn: dump.snapshotLsn,
      horizon: horizon as unknown as JsonObject,
      fingerprints: dump.fingerprints as unknown as JsonObject,
    };
  },
  async verify(context, args) {
    const { returnOid, trust, copy } = context.evidenceOf(context.step.id);
    // Where this run's files are now: another machine may have made it.
    const manifest = await verifyManifest(backupDirectory(context.runDirectory));
    const name = await withClient(
      adminAddress(context.plan.target),
      { applicationName: applicationName(context) },
      (client) => databaseByOid(client, String(returnOid)),
    );
    if ((trust === 'T3' || trust === 'T4') && name !== undefined)
      return {
        files: manifest.files.length,
        returnDatabaseExists: true,
        copiedParts: await countCopiedParts(context, args, copy),
      };
    throw new Failed({
      code: 'backup-unverified',
      seen: `trust level ${String(trust)}, return database ${name ?? 'gone'}`,
      expected: 'a backup restored with equal fingerprints (T3 or T4), its restored database still there',
      next: 'nothing destructive was begun; resume or abort the run',
    });
  },
  // The stream is gone by now: what is left is a copy as large as production, which grows stale with every order.
  async finish(context, args) {
    await dropScratch(context);
    const dumpKept = existsSync(backupDirectory(context.runDirectory));
    return { returnDatabase: null, dumpKept, pinLeft: await letGoOfCopy(context, args) };
  },
  async undo(context, args) {
    const directory = backupDirectory(context.runDirectory);
    const { returnOid } = context.evidenceOf(context.step.id);
    // It failed after its restore, by a smoke test or a store that is down: nothing names the copy but this run's own name for it.
    if (returnOid === undefined) await dropScratch(context);
    const { name } = await withClient(
      adminAddress(context.plan.target),
      { applicationName: applicationName(context) },
      async (client) => {
        const present = await databaseByOid(client, String(returnOid ?? '0'));
        // Once the switch went back, the return database carries the live name and is production.
        if (present === returnDatabaseName(context))
          await dropDatabase(client, present, { mustNotBe: [context.plan.target.database.database] });
        return { name: present };
      },
    );
    const pinLeft = await letGoOfCopy(context, args);
    return { returnDatabase: name ?? null, dumpKept: dropRehearsedArchive(context, directory), pinLeft };
  },
});

/** Hours of dumping are not to end at a bucket that nobody may write to. */
async function checkDestination(context: StepContext, args: BackupArgs): Promise<readonly Finding[]> {
  if (args.copy === undefined) return [];
  const store = await openDestination(args.copy as unknown as CopyDestination);
  await probeStore(store, context.step.id, context.signal);
  return [];
}

async function smokeTested(
  context: StepContext,
  args: BackupArgs,
  verified: VerifiedBackup,
): Promise<{ readonly trust: 'T3' | 'T4'; readonly smokeTestMs?: number }> {
  if (args.smokeTest === undefined) return { trust: verified.trust };
  context.log(`running the application's smoke test on ${verified.restoredDatabase}`);
  const { trust, durationMs } = await smokeTestRestored({
    directory: backupDirectory(context.runDirectory),
    restored: { ...context.plan.target.database, database: verified.restoredDatabase },
    command: args.smokeTest as unknown as SmokeCommand,
    applicationName: applicationName(context),
    timeoutMs: context.timeoutMs,
    signal: context.signal,
    onLine: (_stream, line) => context.log(line),
    onSpawn: noteChildren(context),
  });
  return { trust, smokeTestMs: durationMs };
}

async function copied(
  context: StepContext,
  args: BackupArgs,
  trust: 'T3' | 'T4',
): Promise<JsonObject | undefined> {
  if (args.copy === undefined) return undefined;
  const destination = args.copy as unknown as CopyDestination;
  context.log(`copying the backup to ${destination.to}`);
  const { signal } = context;
  const copy = await copyTo(destination, {
    directory: backupDirectory(context.runDirectory),
    trust,
    pin: { holder: context.runId, reason: 'the way back of this run is open' },
    signal,
    log: context.log,
    now: context.now,
  });
  return { ...copy, to: destination.to };
}

/** Asks the store for the copy's manifest once more: it is what a machine that has lost its disk would ask. */
async function countCopiedParts(
  context: StepContext,
  args: BackupArgs,
  copy: Json | undefined,
): Promise<number | undefined> {
  if (args.copy === undefined) return undefined;
  const store = await openDestination(args.copy as unknown as CopyDestination);
  return (await readCopy(store, String(valueAt(copy, 'id')), context.signal)).parts.length;
}

/** A store that is down must not keep a run from going back or ending: a pin that is left costs space alone, and is named. */
async function letGoOfCopy(context: StepContext, args: BackupArgs): Promise<string | undefined> {
  const id = valueAt(context.evidenceOf(context.step.id).copy, 'id');
  if (args.copy === undefined || typeof id !== 'string') return undefined;
  const destination = args.copy as unknown as CopyDestination;
  try {
    await unpinCopy(await openDestination(destination), id, context.runId, context.signal);
    return undefined;
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    const command = `roundtrip backup unpin --from ${destination.to} --id ${id} --holder ${context.runId}`;
    context.log(`the copy stays pinned (${error.code}); let go of it with: ${command}`);
    return command;
  }
}
