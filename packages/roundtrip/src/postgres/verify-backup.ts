import { Failed } from '../errors.ts';
import type { RunProcessOptions } from '../process/run-process.ts';
import { type DatabaseAddress, withClient } from './connection.ts';
import { compareDescriptions, describeDatabase } from './describe.ts';
import { dropDatabase } from './drop-database.ts';
import { compareFingerprints, fingerprintTables } from './fingerprint.ts';
import { type BackupManifest, listArchive, verifyManifest } from './manifest.ts';
import { restoreDump } from './restore.ts';
import { readSequences } from './sequences.ts';

export interface VerifyBackupOptions {
  readonly directory: string;
  readonly admin: DatabaseAddress;
  readonly scratchDatabase: string;
  /** Drop a database of that name first: only for names that carry the run's own salt. */
  readonly replaceScratch?: boolean | undefined;
  readonly jobs: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: ((stream: 'stdout' | 'stderr', line: string) => void) | undefined;
  /** Told of every child, so that a caller who dies can find it again. */
  readonly onSpawn?: RunProcessOptions['onSpawn'];
}

/** A backup that was restored and found equal, with the database it was restored into. */
export interface VerifiedBackup {
  readonly trust: 'T3';
  readonly restoredDatabase: string;
  readonly restoredOid: string;
}

/**
 * Takes a backup through the trust levels: T1 its files have their hashes, T2 the archive lists every table, T3 it
 * restores and every table's fingerprint, the schema, owners, rights, settings and sequences equal those of the
 * dump's own snapshot. The restored database is left for its caller.
 *
 * @throws Failed `backup-corrupt`, `archive-incomplete`, `process-failed`, `backup-differs` naming the differences.
 * @example (await verifyBackup({ directory, admin, scratchDatabase: 'shop_scratch', jobs: 4, timeoutMs: 600_000 })).trust
 */
export async function verifyBackup(options: VerifyBackupOptions): Promise<VerifiedBackup> {
  const { directory, admin, scratchDatabase, jobs, timeoutMs, signal, onLine, onSpawn } = options;
  const manifest = await verifyManifest(directory);
  await listArchive(directory, manifest);
  if (options.replaceScratch === true) {
    await withClient(admin, { applicationName: 'roundtrip verify' }, (client) =>
      dropDatabase(client, scratchDatabase, { mustNotBe: [manifest.database] }),
    );
  }
  const { oid } = await restoreDump({
    directory,
    admin,
    database: scratchDatabase,
    jobs,
    timeoutMs,
    signal,
    onLine,
    onSpawn,
  });
  const differences = await compareWithManifest(manifest, { ...admin, database: scratchDatabase }, signal);
  if (differences.length === 0) return { trust: 'T3', restoredDatabase: scratchDatabase, restoredOid: oid };
  throw new Failed({
    code: 'backup-differs',
    seen: `restored into ${scratchDatabase}, it differs from its snapshot: ${differences.slice(0, 8).join('; ')}`,
    expected: 'the same rows, schema, owners, rights, settings and sequences',
    next: 'nothing destructive was begun; compare the named objects (a CHECK that calls a function by an unqualified name restores its table empty)',
    fields: { differences },
  });
}

async function compareWithManifest(
  manifest: BackupManifest,
  restored: DatabaseAddress,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const fingerprints = await fingerprintTables(restored, { applicationName: 'roundtrip verify', signal });
  const tables = compareFingerprints(manifest.fingerprints, fingerprints).map((table) => `rows of ${table}`);
  return withClient(restored, { applicationName: 'roundtrip verify' }, async (client) => {
    const sequences = await readSequences(client);
    // A sequence may have moved on between the snapshot and the dump of it: behind is wrong, ahead is not.
    const behind = Object.entries(manifest.sequences).filter(
      ([name, position]) => BigInt(sequences[name] ?? -1) < BigInt(position),
    );
    const description = await describeDatabase(client);
    return [
      ...tables,
      ...behind.map(([name]) => `sequence ${name}`),
      ...compareDescriptions(manifest.description, description),
    ];
  });
}
