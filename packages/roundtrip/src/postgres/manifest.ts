import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Failed } from '../errors.ts';
import { runProcess } from '../process/run-process.ts';
import type { DatabaseDescription } from './describe.ts';
import type { TableFingerprints } from './fingerprint.ts';
import { findPrograms } from './programs.ts';
import type { SequencePositions } from './sequences.ts';

/** What a backup claims about itself and about the snapshot that it was taken of. */
export interface BackupManifest {
  readonly format: 1;
  readonly takenAt: string;
  readonly systemIdentifier: string;
  readonly database: string;
  readonly databaseOid: string;
  readonly serverVersion: number;
  readonly snapshotLsn: string;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
  readonly fingerprints: TableFingerprints;
  readonly description: DatabaseDescription;
  readonly sequences: SequencePositions;
}

/** The folder of the directory-format archive inside a backup. */
export function archiveFolder(directory: string): string {
  return path.join(directory, 'archive');
}

function manifestFile(directory: string): string {
  return path.join(directory, 'manifest.json');
}

/** Size and SHA-256 of every file of a backup, the manifest left out. */
export async function hashFiles(directory: string): Promise<BackupManifest['files']> {
  const files: BackupManifest['files'][number][] = [];
  const names = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  for (const entry of names) {
    const file = path.join(entry.parentPath, entry.name);
    if (file === manifestFile(directory)) continue;
    const hash = createHash('sha256');
    await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
    files.push({
      path: path.relative(directory, file),
      bytes: statSync(file).size,
      sha256: hash.digest('hex'),
    });
  }
  return files.sort((a, b) => a.path.localeCompare(b.path));
}

/** Writes the manifest last, by rename: a backup without one is not a backup. */
export function writeManifest(directory: string, manifest: BackupManifest): void {
  const file = manifestFile(directory);
  writeFileSync(`${file}.new`, `${JSON.stringify(manifest)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

/**
 * Reads a backup's manifest.
 *
 * @throws Failed `backup-incomplete` when there is none, `manifest-unreadable`.
 */
export function readManifest(directory: string): BackupManifest {
  if (!existsSync(manifestFile(directory))) {
    throw new Failed({
      code: 'backup-incomplete',
      seen: `no manifest in ${directory}`,
      expected: 'a backup that was finished',
      next: 'make another backup; this one was cut off',
    });
  }
  try {
    return JSON.parse(readFileSync(manifestFile(directory), 'utf8')) as BackupManifest;
  } catch (cause) {
    throw new Failed({
      code: 'manifest-unreadable',
      seen: `${manifestFile(directory)}: ${(cause as Error).message}`,
      expected: 'the JSON that was written with the backup',
      next: 'do not restore from it; take the copy elsewhere, or make another backup',
      cause,
    });
  }
}

/**
 * Trust level T1: every file is there, nothing else is, and each has its size and its hash.
 *
 * @throws Failed `backup-corrupt`, naming the files.
 */
export async function verifyManifest(directory: string): Promise<BackupManifest> {
  const manifest = readManifest(directory);
  const present = new Map((await hashFiles(directory)).map((file) => [file.path, file]));
  const problems = manifest.files.flatMap((claimed) => {
    const file = present.get(claimed.path);
    present.delete(claimed.path);
    if (file === undefined) return [`${claimed.path} is missing`];
    if (file.bytes !== claimed.bytes) return [`${claimed.path} has ${file.bytes} of ${claimed.bytes} bytes`];
    return file.sha256 === claimed.sha256 ? [] : [`${claimed.path} has other content`];
  });
  problems.push(...[...present.keys()].map((name) => `${name} is not of this backup`));
  if (problems.length === 0) return manifest;
  throw new Failed({
    code: 'backup-corrupt',
    seen: `${directory}: ${problems.slice(0, 5).join('; ')}${problems.length > 5 ? ` and ${problems.length - 5} more` : ''}`,
    expected: 'the files as they were written',
    next: 'do not restore from it; take the copy elsewhere, or make another backup',
    fields: { problems },
  });
}

/**
 * Trust level T2: the archive's table of contents lists the data of every table of the snapshot. (A listing alone
 * proves little: it passes on an archive whose data files are cut.)
 *
 * @throws Failed `archive-incomplete`.
 */
export async function listArchive(directory: string, manifest: BackupManifest): Promise<number> {
  const { directory: programs } = await findPrograms();
  const { stdout } = await runProcess(
    [path.join(programs, 'pg_restore'), '--list', archiveFolder(directory)],
    { timeoutMs: 60_000, outputBytesMax: 64 << 20 },
  );
  const listed = stdout.split('\n').filter((line) => / TABLE DATA /.test(line)).length;
  // A partitioned table has its rows in its leaves, possibly none: only those are listed.
  const partitioned = manifest.description.facts.filter((fact) => fact.startsWith('relation p ')).length;
  const expected = Object.keys(manifest.fingerprints).length - partitioned;
  if (listed >= expected) return listed;
  throw new Failed({
    code: 'archive-incomplete',
    seen: `the archive lists the data of ${listed} tables`,
    expected: `${expected}, as in the snapshot`,
    next: 'make another backup',
  });
}
