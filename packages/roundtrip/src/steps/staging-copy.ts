import { rmSync } from 'node:fs';
import path from 'node:path';
import { Failed, Refused } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { type DatabaseAddress, withClient } from '../postgres/connection.ts';
import { compareDescriptions, describeDatabase } from '../postgres/describe.ts';
import { dropDatabase } from '../postgres/drop-database.ts';
import { COMPRESS_LEVEL, dumpDatabase } from '../postgres/dump.ts';
import { compareFingerprints, fingerprintTables } from '../postgres/fingerprint.ts';
import { identify } from '../postgres/identity.ts';
import { archiveFolder, readManifest } from '../postgres/manifest.ts';
import { restoreDump } from '../postgres/restore.ts';
import { type StepSpec, stepSpec } from '../runbook/step-spec.ts';
import type { Target } from '../runbook/target.ts';
import { anyStepKind, type StepContext } from './step-kind.ts';
import { endSurvivors, noteChildren } from './survivors.ts';
import { adminAddress, applicationName, retiredDatabases } from './target-databases.ts';

export interface StagingCopyArgs extends JsonObject {
  readonly production: JsonObject;
  readonly productionName: string;
  readonly jobs: number;
}

/**
 * Makes the staging database from a backup of production taken now, and proves that the two are alike: schema,
 * fingerprint of every table, settings. What was in the staging database before is dropped, and what earlier rehearsals
 * have put aside beside it; production is only read.
 */
export function stagingCopy(options: {
  readonly production: Target;
  readonly jobs?: number | undefined;
}): StepSpec {
  const { database, name } = options.production;
  return stepSpec({
    kind: 'staging-copy',
    defaultId: 'staging-copy',
    defaultTitle: `Make staging from a backup of ${name}`,
    effect: 'none',
    common: { planned: '10min', timeout: '12h' },
    args: { production: { ...database }, productionName: name, jobs: options.jobs ?? 2 },
  });
}

/** The backup the copy is made from; removed once staging stands. */
function dumpDirectory(context: StepContext): string {
  return path.join(context.runDirectory, 'production-backup');
}

async function refuseProduction(context: StepContext, production: DatabaseAddress): Promise<void> {
  const { target } = context.plan;
  const source = await withClient(production, { applicationName: applicationName(context) }, identify);
  const staging = await withClient(
    adminAddress(target),
    { applicationName: applicationName(context) },
    identify,
  );
  const same =
    source.systemIdentifier === staging.systemIdentifier && source.database === target.database.database;
  if (target.environment === 'staging' && !same) return;
  throw new Refused({
    code: 'staging-is-production',
    seen: `target "${target.name}" (${target.environment}) is database ${target.database.database} of system ${staging.systemIdentifier}`,
    expected: 'a staging database other than the production one: it is dropped and made anew',
    next: 'correct the staging target',
  });
}

export const stagingCopyKind = anyStepKind<StagingCopyArgs>({
  kind: 'staging-copy',
  inspect: async () => 'not-done',
  async do(context, args) {
    const production = args.production as unknown as DatabaseAddress;
    const { target } = context.plan;
    const { signal, timeoutMs } = context;
    await refuseProduction(context, production);
    await endSurvivors(context);
    const onSpawn = noteChildren(context);
    const directory = dumpDirectory(context);
    rmSync(directory, { recursive: true, force: true });
    const dump = await dumpDatabase(production, {
      directory,
      jobs: args.jobs,
      compressLevel: COMPRESS_LEVEL,
      signal,
      timeoutMs,
      onLine: (_stream, line) => context.log(line),
      onSpawn,
    });
    await withClient(adminAddress(target), { applicationName: applicationName(context) }, async (client) => {
      const staging = target.database.database;
      const putAside = await retiredDatabases(client, staging);
      for (const name of [staging, ...putAside.filter((each) => each !== production.database)])
        await dropDatabase(client, name, { mustNotBe: [] });
    });
    await restoreDump({
      directory,
      admin: adminAddress(target),
      database: target.database.database,
      jobs: args.jobs,
      signal,
      timeoutMs,
      onSpawn,
    });
    return {
      bytes: dump.bytes,
      tables: Object.keys(dump.fingerprints).length,
      takenFrom: args.productionName,
    };
  },
  async verify(context) {
    const { target } = context.plan;
    const manifest = readManifest(dumpDirectory(context));
    const fingerprints = await fingerprintTables(target.database, {
      applicationName: applicationName(context),
      signal: context.signal,
    });
    const description = await withClient(
      target.database,
      { applicationName: applicationName(context) },
      describeDatabase,
    );
    const differences = [
      ...compareFingerprints(manifest.fingerprints, fingerprints),
      ...compareDescriptions(manifest.description, description),
    ];
    if (differences.length > 0) {
      throw new Failed({
        code: 'staging-differs',
        seen: `staging differs from production's snapshot: ${differences.slice(0, 10).join('; ')}`,
        expected: 'the same schema, settings and rows',
        next: 'production was only read; look at roles and settings of the staging cluster',
        fields: { differences },
      });
    }
    // The rows only: a verification that was killed before its outcome was written is repeated, and reads the manifest again.
    rmSync(archiveFolder(dumpDirectory(context)), { recursive: true, force: true });
    return {
      tablesCompared: Object.keys(fingerprints).length,
      schemaHash: description.schemaHash,
      identical: true,
    };
  },
});

export type { Json };
