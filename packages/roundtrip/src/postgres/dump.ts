import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { Failed } from '../errors.ts';
import { type RunProcessOptions, runProcess } from '../process/run-process.ts';
import { type Client, connect, type DatabaseAddress, toolEnvironment } from './connection.ts';
import { describeDatabase } from './describe.ts';
import { fingerprintTables, type TableFingerprints } from './fingerprint.ts';
import { identify } from './identity.ts';
import { archiveFolder, hashFiles, writeManifest } from './manifest.ts';
import { findPrograms } from './programs.ts';
import { readSequences } from './sequences.ts';

/**
 * The gzip level of a dump. A million orders on two quiet cores (2026-11) took the story's level 6 in one process 21.6 s;
 * level 2 in two took 4.5 s and 23 % more space, level 1 4.1 s and 28 %, level 0 3.2 s and 5.7 times the space.
 *
 * @example await dumpDatabase(address, { directory, jobs: 2, compressLevel: COMPRESS_LEVEL, timeoutMs })
 */
export const COMPRESS_LEVEL = 2;

export interface DumpOptions {
  /** A folder that does not exist yet. */
  readonly directory: string;
  readonly jobs: number;
  /** gzip level of pg_dump: `COMPRESS_LEVEL` unless there is a reason. */
  readonly compressLevel: number;
  readonly timeoutMs: number;
  /** Dump in this snapshot of another session instead of one of our own; `lsn` is where it lies. */
  readonly snapshot?: { readonly id: string; readonly lsn: string } | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: ((stream: 'stdout' | 'stderr', line: string) => void) | undefined;
  /** Told of every child, so that a caller who dies can find it again. */
  readonly onSpawn?: RunProcessOptions['onSpawn'];
}

export interface DumpResult {
  readonly directory: string;
  readonly bytes: number;
  readonly snapshotLsn: string;
  readonly fingerprints: TableFingerprints;
}

/**
 * Dumps a database in parallel and, *in the very same snapshot*, fingerprints every table and describes the schema:
 * what the restore will be compared with is what was dumped, whatever customers write meanwhile.
 *
 * @throws Failed `process-failed`, `dump-complained` when pg_dump said anything on stderr.
 * @example await dumpDatabase(address, { directory: '/backup/x', jobs: 2, compressLevel: 2, timeoutMs: 3_600_000 })
 */
export async function dumpDatabase(address: DatabaseAddress, options: DumpOptions): Promise<DumpResult> {
  const { directory, signal } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  const session = await connect(address, { applicationName: 'roundtrip dump' });
  try {
    const { id: snapshot, lsn } = await beginSnapshot(session, options.snapshot);
    const identity = await identify(session);
    const describing = (async () => ({
      sequences: await readSequences(session),
      description: await describeDatabase(session),
    }))();
    const [{ sequences, description }, fingerprints] = await allOrFirstFailure([
      describing,
      fingerprintTables(address, {
        snapshot,
        workers: options.jobs,
        applicationName: 'roundtrip dump',
        signal,
      }),
      dumpArchive(address, options, snapshot),
      dumpGlobals(address, options),
    ]);
    await session.query('COMMIT');
    const files = await hashFiles(directory);
    const { systemIdentifier, database, databaseOid, serverVersion } = identity;
    const takenAt = new Date().toISOString();
    writeManifest(directory, {
      format: 1,
      takenAt,
      systemIdentifier,
      database,
      databaseOid,
      serverVersion,
      snapshotLsn: lsn,
      files,
      fingerprints,
      description,
      sequences,
    });
    return {
      directory,
      bytes: files.reduce((sum, file) => sum + file.bytes, 0),
      snapshotLsn: lsn,
      fingerprints,
    };
  } finally {
    await session.end();
  }
}

/** A transaction in the given snapshot, or in one of its own that others can join. */
async function beginSnapshot(
  session: Client,
  given: DumpOptions['snapshot'],
): Promise<{ readonly id: string; readonly lsn: string }> {
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  if (given !== undefined) {
    await session.query(`SET TRANSACTION SNAPSHOT ${session.escapeLiteral(given.id)}`);
    return given;
  }
  const { rows } = await session.query<{ id: string; lsn: string }>(
    'SELECT pg_export_snapshot() AS id, pg_current_wal_insert_lsn()::text AS lsn',
  );
  return rows[0] ?? { id: '', lsn: '' };
}

/** Waits for all to settle even when one fails: a pg_dump left running would write into a folder we gave up. */
async function allOrFirstFailure<A, B, C, D>(
  work: [Promise<A>, Promise<B>, Promise<C>, Promise<D>],
): Promise<[A, B, C, D]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

async function dumpArchive(address: DatabaseAddress, options: DumpOptions, snapshot: string): Promise<void> {
  const { directory: programs } = await findPrograms();
  const argv = [
    path.join(programs, 'pg_dump'),
    '--format=directory',
    `--jobs=${options.jobs}`,
    `--compress=${options.compressLevel}`,
  ];
  argv.push(`--snapshot=${snapshot}`, `--file=${archiveFolder(options.directory)}`, '--no-password');
  await silent(argv, address, options);
}

async function dumpGlobals(address: DatabaseAddress, options: DumpOptions): Promise<void> {
  const { directory: programs } = await findPrograms();
  const argv = [
    path.join(programs, 'pg_dumpall'),
    '--globals-only',
    '--no-role-passwords',
    '--no-password',
    `--file=${path.join(options.directory, 'globals.sql')}`,
  ];
  await silent(argv, address, options);
}

/** Trust level T0: exit 0 and nothing on stderr. */
async function silent(
  argv: readonly string[],
  address: DatabaseAddress,
  options: DumpOptions,
): Promise<void> {
  const { timeoutMs, signal, onLine, onSpawn } = options;
  const { stderr } = await runProcess(argv, {
    env: toolEnvironment(address, { applicationName: 'roundtrip dump' }),
    timeoutMs,
    signal,
    onLine,
    onSpawn,
  });
  if (stderr.trim() === '') return;
  throw new Failed({
    code: 'dump-complained',
    seen: `${path.basename(argv[0] ?? '')} said: ${stderr.trim().slice(0, 500)}`,
    expected: 'silence',
    next: 'read what it says; a warning at the backup is an error at the restore',
  });
}
