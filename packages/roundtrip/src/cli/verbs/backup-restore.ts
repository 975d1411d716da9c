import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fetchBackup } from '../../backup-store/fetch-backup.ts';
import { writeTrust } from '../../backup-store/local-trust.ts';
import { noteVerified } from '../../backup-store/verified.ts';
import { Refused } from '../../errors.ts';
import { type DatabaseAddress, withClient } from '../../postgres/connection.ts';
import { suffixedName } from '../../postgres/database-name.ts';
import { dropDatabase } from '../../postgres/drop-database.ts';
import { readManifest, verifyManifest } from '../../postgres/manifest.ts';
import { type VerifyBackupOptions, verifyBackup } from '../../postgres/verify-backup.ts';
import type { CliEnvironment, CommonOptions } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import type { RegisterVerb } from '../verb.ts';
import {
  conclude,
  type DatabaseFlags,
  openerOf,
  type StoreFlags,
  storeOf,
  withDatabase,
  withDatabaseFlags,
  withStoreFlags,
} from './backup-options.ts';

interface SourceFlags extends CommonOptions, StoreFlags, DatabaseFlags {
  readonly directory?: string | undefined;
  readonly from?: string | undefined;
  readonly id?: string | undefined;
  readonly identity?: string | undefined;
}

/** `backup verify` and `backup restore`: both restore, one throws its database away. */
export const registerBackupRestore: RegisterVerb = (program, run) => {
  const verify = program
    .command('verify')
    .description('restore a backup into a scratch database, compare every table (T3), drop it again');
  withSourceFlags(verify).action(run<SourceFlags>(verifyVerb));
  const restore = program
    .command('restore')
    .description('restore a backup into a new database and prove it; never onto one that exists');
  withSourceFlags(restore)
    .requiredOption('--as <name>', 'name of the new database')
    .action(run<SourceFlags & { readonly as: string }>(restoreVerb));
};

function withSourceFlags(command: Parameters<RegisterVerb>[0]): Parameters<RegisterVerb>[0] {
  return withStoreFlags(withDatabaseFlags(command))
    .option('--directory <folder>', 'a backup on this machine')
    .option('--from <store>', 'or a store, with --id')
    .option('--id <copy>', 'as `roundtrip backup list` names it')
    .option('--identity <file>', 'secret key of age, for a copy that is encrypted');
}

/**
 * Trust level T3: restores into a scratch database of the same cluster, compares, and drops it however that ends.
 *
 * @throws the errors of `verifyBackup`.
 */
export async function proveByRestore(
  options: Omit<VerifyBackupOptions, 'admin' | 'scratchDatabase' | 'replaceScratch'> & {
    readonly address: DatabaseAddress;
  },
): Promise<'T3'> {
  const { address, ...how } = options;
  const original = readManifest(options.directory).database;
  const scratchDatabase = suffixedName(original, `_verify_${randomBytes(4).toString('hex')}`);
  const admin = { ...address, database: 'postgres' };
  try {
    return (await verifyBackup({ ...how, admin, scratchDatabase })).trust;
  } finally {
    await withClient(admin, { applicationName: 'roundtrip verify' }, (client) =>
      dropDatabase(client, scratchDatabase, { mustNotBe: [original, address.database] }),
    );
  }
}

async function verifyVerb(environment: CliEnvironment, options: SourceFlags): Promise<number> {
  const { signal } = environment;
  return withBackup(environment, options, async (directory, noteInStore) => {
    const trust = await withDatabase(environment, anywhere(options), (address, { jobs, timeoutMs }) => {
      environment.stderr.write(`restoring ${directory} into a scratch database on ${address.host}\n`);
      return proveByRestore({ address, directory, jobs, timeoutMs, signal });
    });
    if (options.directory !== undefined) writeTrust(directory, trust, environment.now());
    await noteInStore(trust);
    const { database, takenAt, fingerprints } = readManifest(directory);
    const tables = Object.keys(fingerprints).length;
    return conclude(environment, options, {
      exitCode: EXIT.success,
      data: { verdict: 'verified', trust, database, takenAt, tables },
      lines: [`${trust}: ${database} of ${takenAt} restores; ${tables} tables are equal`],
    });
  });
}

async function restoreVerb(
  environment: CliEnvironment,
  options: SourceFlags & { readonly as: string },
): Promise<number> {
  const { signal } = environment;
  return withBackup(environment, options, async (directory) => {
    const verified = await withDatabase(environment, anywhere(options), (address, { jobs, timeoutMs }) => {
      environment.stderr.write(`restoring into ${options.as} on ${address.host}\n`);
      const admin = { ...address, database: 'postgres' };
      return verifyBackup({ directory, admin, scratchDatabase: options.as, jobs, timeoutMs, signal });
    });
    const { database, takenAt } = readManifest(directory);
    const { trust, restoredDatabase, restoredOid } = verified;
    return conclude(environment, options, {
      exitCode: EXIT.success,
      data: { verdict: 'restored', trust, database, takenAt, restoredDatabase, restoredOid },
      lines: [`${trust}: ${database} of ${takenAt} is now ${restoredDatabase}`],
    });
  });
}

/** A restore names its own database: the connection needs a server only. */
function anywhere(options: SourceFlags): DatabaseFlags & { readonly defaultDatabase: string } {
  return { ...options, defaultDatabase: 'postgres' };
}

/** The backup on this machine, or one that is fetched for the length of `work` into a private folder. */
async function withBackup(
  environment: CliEnvironment,
  options: SourceFlags,
  work: (directory: string, noteInStore: (trust: 'T3') => Promise<void>) => Promise<number>,
): Promise<number> {
  const { from, id } = options;
  if ((options.directory === undefined) === (from === undefined) || (from !== undefined && id === undefined))
    throw new Refused({
      code: 'usage',
      seen: 'no backup is named, or two are',
      expected: '--directory FOLDER, or --from STORE with --id COPY',
      next: 'correct the flags; `roundtrip backup list --from STORE` names the copies',
    });
  if (from === undefined || id === undefined) {
    const directory = path.resolve(options.directory ?? '');
    await verifyManifest(directory);
    return work(directory, async () => undefined);
  }
  const store = await storeOf(environment, from, options);
  const folder = mkdtempSync(path.join(tmpdir(), 'roundtrip-fetched-'));
  const { signal } = environment;
  try {
    const directory = path.join(folder, 'backup');
    environment.stderr.write(`fetching ${id}\n`);
    await fetchBackup({ store, id, directory, opener: openerOf(options), signal });
    return await work(directory, (trust) =>
      noteVerified(store, id, { trust, at: environment.now(), signal }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
