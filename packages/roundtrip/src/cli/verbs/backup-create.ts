import { existsSync } from 'node:fs';
import path from 'node:path';
import { copyTo, openDestination } from '../../backup-store/copy-destination.ts';
import type { TrustLevel } from '../../backup-store/copy-manifest.ts';
import { readTrust, writeTrust } from '../../backup-store/local-trust.ts';
import { Refused } from '../../errors.ts';
import { COMPRESS_LEVEL, dumpDatabase } from '../../postgres/dump.ts';
import { verifyManifest } from '../../postgres/manifest.ts';
import type { CliEnvironment, CommonOptions } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import type { RegisterVerb } from '../verb.ts';
import {
  conclude,
  type DatabaseFlags,
  type StoreFlags,
  wholeNumber,
  withDatabase,
  withDatabaseFlags,
  withStoreFlags,
} from './backup-options.ts';
import { proveByRestore } from './backup-restore.ts';

interface CopyFlags extends CommonOptions, StoreFlags {
  readonly directory: string;
  readonly to?: string | undefined;
  readonly recipient?: readonly string[] | undefined;
  readonly lockDays?: string | undefined;
  readonly lockMode: string;
  readonly partMib: string;
}

interface CreateFlags extends CopyFlags, DatabaseFlags {
  /** False with --no-verify. */
  readonly verify: boolean;
}

const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** `backup create` and `backup copy`. */
export const registerBackupCreate: RegisterVerb = (program, run) => {
  const create = program
    .command('create')
    .description('dump a database, restore it beside itself to prove it (T3), and copy it off the machine')
    .requiredOption('--directory <folder>', 'a folder that does not exist yet')
    .option('--no-verify', 'stop at T2: no scratch database; such a backup does not count as verified')
    .option('--to <store>', 's3://bucket/prefix, or the path of a folder on another disk');
  withCopyFlags(withDatabaseFlags(create)).action(run<CreateFlags>(createBackup));
  const copy = program
    .command('copy')
    .description('copy a backup to a store, or go on with a copy that was cut')
    .requiredOption('--directory <folder>', 'of a finished backup')
    .requiredOption('--to <store>', 's3://bucket/prefix, or the path of a folder on another disk');
  withCopyFlags(copy).action(run<CopyFlags>(copyExisting));
};

function withCopyFlags(command: Parameters<RegisterVerb>[0]): Parameters<RegisterVerb>[0] {
  return withStoreFlags(command)
    .option('--recipient <key>', 'encrypt the copy to this public key of age; may be repeated', several)
    .option('--part-mib <n>', 'size of a part; four are in memory at a time', '32')
    .option('--lock-days <n>', 'object lock: nobody can delete the copy for so long')
    .option('--lock-mode <mode>', 'GOVERNANCE or COMPLIANCE', 'GOVERNANCE');
}

async function createBackup(environment: CliEnvironment, options: CreateFlags): Promise<number> {
  const directory = path.resolve(options.directory);
  if (existsSync(directory))
    throw new Refused({
      code: 'directory-exists',
      seen: `${directory} exists`,
      expected: 'a folder that is not there yet',
      next: 'name another one',
    });
  // What is wrong with the destination is to be known before hours of dumping.
  if (options.to !== undefined) await openDestination(destinationOf(options, options.to));
  const { signal } = environment;
  const onLine = (_stream: string, line: string): void => void environment.stderr.write(`${line}\n`);
  const made = await withDatabase(environment, options, async (address, { jobs, timeoutMs }) => {
    environment.stderr.write(`dumping ${address.database} into ${directory}\n`);
    const dump = await dumpDatabase(address, {
      directory,
      jobs,
      compressLevel: COMPRESS_LEVEL,
      timeoutMs,
      signal,
      onLine,
    });
    const { bytes, snapshotLsn, fingerprints } = dump;
    const proven: TrustLevel = options.verify
      ? await proveByRestore({ address, directory, jobs, timeoutMs, signal, onLine })
      : 'T2';
    writeTrust(directory, proven, environment.now());
    return { trust: proven, bytes, snapshotLsn, tables: Object.keys(fingerprints).length };
  });
  const copy =
    options.to === undefined ? undefined : await copyAway(environment, options, made.trust, options.to);
  const lines = [
    `${directory}: ${made.trust}, ${made.tables} tables, ${made.bytes} bytes`,
    ...copyLines(copy),
  ];
  return conclude(environment, options, {
    exitCode: EXIT.success,
    data: { verdict: 'created', directory, ...made, copy },
    lines,
  });
}

async function copyExisting(environment: CliEnvironment, options: CopyFlags): Promise<number> {
  const directory = path.resolve(options.directory);
  await verifyManifest(directory);
  const trust = readTrust(directory) ?? 'T1';
  const copy = await copyAway(environment, { ...options, directory }, trust, options.to ?? '');
  return conclude(environment, options, {
    exitCode: EXIT.success,
    data: { verdict: 'copied', directory, trust, copy },
    lines: copyLines(copy),
  });
}

function destinationOf(options: CopyFlags, to: string) {
  const { endpoint, region, profile, recipient, lockDays, lockMode } = options;
  const partBytes = wholeNumber('--part-mib', options.partMib) * 2 ** 20;
  const lock =
    lockDays === undefined
      ? undefined
      : { mode: lockModeOf(lockMode), days: wholeNumber('--lock-days', lockDays) };
  return { to, endpoint, region, profile, recipients: recipient, lock, partBytes };
}

function lockModeOf(mode: string): 'GOVERNANCE' | 'COMPLIANCE' {
  if (mode === 'GOVERNANCE' || mode === 'COMPLIANCE') return mode;
  throw new Refused({
    code: 'usage',
    seen: `--lock-mode ${mode}`,
    expected: 'GOVERNANCE or COMPLIANCE',
    next: 'correct the flag',
  });
}

async function copyAway(environment: CliEnvironment, options: CopyFlags, trust: TrustLevel, to: string) {
  environment.stderr.write(`copying to ${to}\n`);
  const copied = await copyTo(destinationOf(options, to), {
    directory: path.resolve(options.directory),
    trust,
    signal: environment.signal,
    log: (line) => void environment.stderr.write(`${line}\n`),
    now: environment.now,
    variables: environment.variables,
  });
  return { to, encrypted: options.recipient !== undefined, ...copied };
}

function copyLines(copy: Awaited<ReturnType<typeof copyAway>> | undefined): string[] {
  if (copy === undefined) return [];
  return [
    `${copy.to}: ${copy.id}, ${copy.parts} parts read back equal, ${copy.bytes} bytes${copy.encrypted ? ', encrypted' : ''}`,
    `copy.json SHA-256 ${copy.copySha256}`,
  ];
}
