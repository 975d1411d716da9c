import { rm } from 'node:fs/promises';
import { Refused } from '../../errors.ts';
import { type Client, type DatabaseAddress, withClient } from '../connection.ts';
import { dumpDatabase } from '../dump.ts';
import { databaseOid, dropDatabase } from '../switch.ts';
import { canonicalTableName } from '../table-name.ts';
import { verifyBackup } from '../verify-backup.ts';
import { columnsInCommon } from './columns-in-common.ts';
import { drainTo } from './drain.ts';
import { dropMarkerTable } from './marker.ts';
import { replicationPreflight } from './preflight.ts';
import { createPublication, dropPublication } from './publication.ts';
import { installPasswordFile, removePasswordFile } from './server-password-file.ts';
import { createExportedSlot, dropSlot } from './slot.ts';
import { type ReplicationStream, streamNames } from './stream.ts';
import { createSubscription, detach } from './subscription.ts';

/** Where a copy is made beside the database that serves. */
export interface CopySite {
  /** The database that serves, under its live name. */
  readonly source: DatabaseAddress;
  /** A database to work from, such as `postgres`, of the cluster that the copy is made in. */
  readonly admin: DatabaseAddress;
  /** Name of the copy; carries the run's salt. */
  readonly copyDatabase: string;
}

export interface BeginCopyOptions extends CopySite {
  readonly tables: readonly string[];
  /** Name of the forward stream: a-z, 0-9 and _. */
  readonly name: string;
  /** For the backup that the copy is restored from. */
  readonly directory: string;
  readonly jobs: number;
  readonly compressLevel?: number | undefined;
  readonly serverPasswordFile?: string | undefined;
  readonly slotTimeoutMs: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: ((stream: 'stdout' | 'stderr', line: string) => void) | undefined;
}

export interface CopyBegun {
  readonly stream: ReplicationStream;
  readonly copyOid: string;
  readonly sourceOid: string;
  /** Where the copy's snapshot lies; changes from here on stream in. */
  readonly consistentPoint: string;
  readonly trust: 'T3';
}

const APPLICATION = 'roundtrip copy';

/**
 * Makes a copy of a database that goes on serving, and keeps the protected tables of the copy in step: a slot with its
 * exported snapshot, a dump in that snapshot, restored and verified to T3, then the changes of the slot. Nothing
 * blocks; `CREATE DATABASE … TEMPLATE` would need the source without sessions.
 *
 * What an earlier attempt of this name left is removed first: until the switch, a copy is scratch.
 *
 * @throws Refused `replication-refused`, `copy-is-live`; Failed `slot-blocked`, those of `dumpDatabase` and `verifyBackup`.
 */
export async function beginCopy(options: BeginCopyOptions): Promise<CopyBegun> {
  const { source, admin, copyDatabase, directory, jobs, timeoutMs, signal, onLine } = options;
  const names = streamNames(options.name);
  await abandonCopy(options, { ...names, name: options.name }, { timeoutMs: options.slotTimeoutMs });
  await rm(directory, { recursive: true, force: true });
  const prepared = await withClient(source, { applicationName: APPLICATION }, async (client) => {
    await refuse(client, options.tables);
    const tables = await columnsInCommon(client, client, options.tables.map(canonicalTableName));
    await createPublication(client, names.publication, tables);
    return { tables, sourceOid: (await databaseOid(client, source.database)) ?? '' };
  });
  const slot = await createExportedSlot(source, names.slot, { timeoutMs: options.slotTimeoutMs });
  try {
    await dumpDatabase(source, {
      directory,
      jobs,
      compressLevel: options.compressLevel ?? 1,
      timeoutMs,
      snapshot: { id: slot.snapshot, lsn: slot.consistentPoint },
      signal,
      onLine,
    });
  } finally {
    await slot.release();
  }
  const { restoredOid, trust } = await verifyBackup({
    directory,
    admin,
    scratchDatabase: copyDatabase,
    jobs,
    timeoutMs,
    signal,
    onLine,
  });
  const base = { name: options.name, ...names, tables: prepared.tables };
  const stream = await subscribe(options, base);
  return {
    stream,
    copyOid: restoredOid,
    sourceOid: prepared.sourceOid,
    consistentPoint: slot.consistentPoint,
    trust,
  };
}

async function refuse(client: Client, tables: readonly string[]): Promise<void> {
  const findings = await replicationPreflight({ publisher: client, subscriber: client, tables });
  const refusals = findings.filter(({ severity }) => severity === 'refusal');
  if (refusals.length === 0) return;
  throw new Refused({
    code: 'replication-refused',
    seen: refusals.map(({ seen }) => seen).join('; '),
    expected: 'nothing in the way of a copy that is kept in step',
    next: refusals.map(({ cure }) => cure).join('; '),
    fields: { findings },
  });
}

async function subscribe(
  options: BeginCopyOptions,
  base: Omit<ReplicationStream, 'startLsn' | 'serverPasswordFile' | 'passwordFileInstalled'>,
): Promise<ReplicationStream> {
  const { source, admin, copyDatabase } = options;
  const copyAddress = { ...admin, database: copyDatabase };
  return withClient(copyAddress, { applicationName: APPLICATION }, async (copy) => {
    // The dump brought the publication along; on this side it is the reverse stream's turn later.
    await dropPublication(copy, base.publication);
    const serverPasswordFile =
      options.serverPasswordFile ?? (await installPasswordFile(copy, base.name, source));
    const passwordFileInstalled = options.serverPasswordFile === undefined && serverPasswordFile !== null;
    const stream = { ...base, startLsn: null, serverPasswordFile, passwordFileInstalled };
    await createSubscription(copy, stream, source);
    await withClient(source, { applicationName: APPLICATION }, (publisher) =>
      drainTo({ publisher, subscriber: copy }, stream, { timeoutMs: options.timeoutMs }),
    );
    return stream;
  });
}

/**
 * Removes a copy and its forward stream: nothing is left on the source. The source is only freed of what the copy put
 * there.
 *
 * @throws Refused `copy-is-live` for a copy that carries the live name by now.
 */
export async function abandonCopy(
  site: CopySite,
  stream: Pick<ReplicationStream, 'name' | 'publication' | 'slot' | 'subscription'>,
  options: { readonly timeoutMs: number },
): Promise<void> {
  const { source, admin, copyDatabase } = site;
  if (copyDatabase === source.database) {
    throw new Refused({
      code: 'copy-is-live',
      seen: `the copy is named ${copyDatabase}, as the live database is`,
      expected: 'a scratch database',
      next: 'choose another name for the copy',
    });
  }
  const exists = await withClient(admin, { applicationName: APPLICATION }, (client) =>
    databaseOid(client, copyDatabase),
  );
  if (exists !== undefined) {
    await withClient({ ...admin, database: copyDatabase }, { applicationName: APPLICATION }, async (copy) => {
      await detach(copy, stream, { timeoutMs: options.timeoutMs });
      await removePasswordFile(copy, stream.name);
    });
    await withClient(admin, { applicationName: APPLICATION }, (client) =>
      dropDatabase(client, copyDatabase, { mustNotBe: [source.database] }),
    );
  }
  await withClient(source, { applicationName: APPLICATION }, async (client) => {
    await dropSlot(client, stream.slot, options);
    await dropPublication(client, stream.publication);
    await dropMarkerTable(client);
  });
}
