import { rm } from 'node:fs/promises';
import { type Client, type DatabaseAddress, withClient } from '../connection.ts';
import { COMPRESS_LEVEL, type DumpOptions, dumpDatabase } from '../dump.ts';
import { databaseOid } from '../switch.ts';
import { canonicalTableName } from '../table-name.ts';
import { verifyBackup } from '../verify-backup.ts';
import { abandonCopy } from './abandon-copy.ts';
import { columnsInCommon } from './columns-in-common.ts';
import { type CopyChangesSlot, keepCopyChanges } from './copy-changes.ts';
import { installDdlGuard } from './ddl-guard.ts';
import { drainTo } from './drain.ts';
import { replicationPreflight } from './preflight.ts';
import { createPublication, dropPublication } from './publication.ts';
import { refuseFindings } from './refuse-findings.ts';
import { installPasswordFile } from './server-password-file.ts';
import { createExportedSlot } from './slot.ts';
import { type ReplicationStream, streamNames } from './stream.ts';
import { createSubscription } from './subscription.ts';

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
  /** Of these, what is written on the copy is kept until it is counted, by whom: see `keepCopyChanges`. Default none. */
  readonly protectedTables?: readonly string[] | undefined;
  /** Name of the forward stream: a-z, 0-9 and _. */
  readonly name: string;
  /** For the backup that the copy is restored from. */
  readonly directory: string;
  readonly jobs: number;
  readonly compressLevel?: number | undefined;
  readonly serverPasswordFile?: string | undefined;
  /** Until when DDL is refused on the source, for the message: "the switch on 2026-11-24 at 03:00 MSK". */
  readonly refuseDdlUntil?: string | undefined;
  readonly slotTimeoutMs: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: ((stream: 'stdout' | 'stderr', line: string) => void) | undefined;
  /** Told of every child, so that a caller who dies can find it again. */
  readonly onSpawn?: DumpOptions['onSpawn'];
}

export interface CopyBegun {
  readonly stream: ReplicationStream;
  readonly copyOid: string;
  readonly sourceOid: string;
  /** Where the copy's snapshot lies; changes from here on stream in. */
  readonly consistentPoint: string;
  readonly trust: 'T3';
  /** The source's server refuses DDL meanwhile; where it may not, drift is found at the switch. */
  readonly ddlRefused?: boolean | undefined;
  /** Keeps what is written to the protected tables of the copy. */
  readonly changes?: CopyChangesSlot | undefined;
}

const APPLICATION = 'roundtrip copy';

/**
 * Makes a copy of a database that goes on serving, and keeps the protected tables of the copy in step: a slot with its
 * exported snapshot, a dump in that snapshot, restored and verified to T3, then the changes of the slot. Nothing
 * blocks; `CREATE DATABASE … TEMPLATE` would need the source without sessions.
 *
 * What an earlier attempt of this name left is removed first: until the switch, a copy is scratch. A failure leaves what
 * was begun (a slot that keeps WAL, a source that refuses DDL): `abandonCopy` removes it.
 *
 * @throws Refused `replication-refused`, `copy-is-live`; Failed `slot-blocked`, those of `dumpDatabase` and `verifyBackup`.
 */
export async function beginCopy(options: BeginCopyOptions): Promise<CopyBegun> {
  const { source, admin, copyDatabase, directory, jobs, timeoutMs, signal, onLine, onSpawn } = options;
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
  let ddlRefused: boolean;
  try {
    // Inside the snapshot it would be dumped and refuse the migration of the copy.
    ddlRefused = await withClient(source, { applicationName: APPLICATION }, (client) =>
      installDdlGuard(client, {
        stream: names.slot,
        until: options.refuseDdlUntil ?? 'the switch to the copy',
      }),
    );
    await dumpDatabase(source, {
      directory,
      jobs,
      compressLevel: options.compressLevel ?? COMPRESS_LEVEL,
      timeoutMs,
      snapshot: { id: slot.snapshot, lsn: slot.consistentPoint },
      signal,
      onLine,
      onSpawn,
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
    onSpawn,
  });
  const base = { name: options.name, ...names, tables: prepared.tables };
  const { stream, changes } = await subscribe(options, base);
  return {
    stream,
    changes,
    copyOid: restoredOid,
    sourceOid: prepared.sourceOid,
    consistentPoint: slot.consistentPoint,
    trust,
    ddlRefused,
  };
}

async function refuse(client: Client, tables: readonly string[]): Promise<void> {
  const findings = await replicationPreflight({ publisher: client, subscriber: client, tables });
  refuseFindings(findings, 'nothing in the way of a copy that is kept in step');
}

async function subscribe(
  options: BeginCopyOptions,
  base: Omit<ReplicationStream, 'startLsn' | 'serverPasswordFile' | 'passwordFileInstalled'>,
): Promise<Pick<CopyBegun, 'stream' | 'changes'>> {
  const { source, admin, copyDatabase } = options;
  const copyAddress = { ...admin, database: copyDatabase };
  return withClient(copyAddress, { applicationName: APPLICATION }, async (copy) => {
    // The dump brought the publication along; on this side it is the reverse stream's turn later.
    await dropPublication(copy, base.publication);
    // After the restore, whose rows nobody changed, and before the first change.
    const changes = await keepCopyChanges(copy, {
      name: base.name,
      tables: options.protectedTables ?? [],
      timeoutMs: options.slotTimeoutMs,
    });
    const serverPasswordFile =
      options.serverPasswordFile ?? (await installPasswordFile(copy, base.name, source));
    const passwordFileInstalled = options.serverPasswordFile === undefined && serverPasswordFile !== null;
    const stream = { ...base, startLsn: null, serverPasswordFile, passwordFileInstalled };
    await createSubscription(copy, stream, source);
    await withClient(source, { applicationName: APPLICATION }, (publisher) =>
      drainTo({ publisher, subscriber: copy }, stream, { timeoutMs: options.timeoutMs }),
    );
    return { stream, changes };
  });
}
