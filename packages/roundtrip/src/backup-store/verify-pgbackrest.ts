import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Failed } from '../errors.ts';
import { type DatabaseAddress, withClient } from '../postgres/connection.ts';
import { compareFingerprints, fingerprintTables } from '../postgres/fingerprint.ts';
import { identify } from '../postgres/identity.ts';
import { findPrograms } from '../postgres/programs.ts';
import {
  asOwner,
  type PgBackRest,
  type PgBackRestBackup,
  pgbackrest,
  type ToolOptions,
} from './pgbackrest.ts';

const NAME = { applicationName: 'roundtrip verify' };
const STOP_TIMEOUT_MS = 60_000;
const PORT = 5432;

/**
 * Trust level T3 for pgBackRest: restores the backup into a scratch cluster, recovers it up to the restore point, and compares
 * every table's fingerprint. The scratch cluster listens on a socket of its own only, archives nothing, and starts no
 * worker of a subscription: it must not touch what the original is connected to. It is removed however that ends.
 *
 * @throws Failed `process-failed`, `scratch-not-started` with the end of the server's log, `backup-differs`.
 * @example await verifyPgBackRest({ stanza: 'main' }, { backup, user: 'postgres', timeoutMs: 3_600_000 })
 */
export async function verifyPgBackRest(
  source: PgBackRest,
  options: ToolOptions & {
    readonly backup: PgBackRestBackup;
    /** A superuser of the cluster. */
    readonly user: string;
    /** Where there is room for the whole cluster; default the system's temporary folder. */
    readonly scratchParent?: string | undefined;
  },
): Promise<{ readonly trust: 'T3'; readonly tables: number }> {
  const { backup, user, scratchParent, ...tool } = options;
  const template = path.join(scratchParent ?? tmpdir(), 'roundtrip-scratch-XXXXXX');
  const { stdout } = await asOwner(source, ['mktemp', '-d', template], { ...tool, onLine: undefined });
  const folder = stdout.trim();
  const data = path.join(folder, 'data');
  try {
    await restoreInto(source, { folder, data, backup, tool });
    const { directory: programs } = await findPrograms();
    const control = path.join(programs, 'pg_ctl');
    const scratch = { host: folder, port: PORT, user, database: backup.database };
    try {
      await startScratch(source, { control, folder, data, tool });
      await recovered(source, { control, folder, data, scratch, tool });
      return await compare(backup, scratch, tool);
    } finally {
      // Exit 1: it has ended by itself.
      await asOwner(source, [control, '-D', data, '-m', 'immediate', '-w', 'stop'], {
        timeoutMs: STOP_TIMEOUT_MS,
        okExitCodes: [0, 1],
      });
    }
  } finally {
    await asOwner(source, ['rm', '-rf', folder], { timeoutMs: STOP_TIMEOUT_MS });
  }
}

async function restoreInto(
  source: PgBackRest,
  {
    folder,
    data,
    backup,
    tool,
  }: {
    readonly folder: string;
    readonly data: string;
    readonly backup: PgBackRestBackup;
    readonly tool: ToolOptions;
  },
): Promise<void> {
  const argv = [
    `--pg1-path=${data}`,
    `--set=${backup.label}`,
    '--type=name',
    `--target=${backup.restorePoint}`,
    '--target-action=promote',
    // Without it, tablespaces would be restored over the original's own.
    `--tablespace-map-all=${path.join(folder, 'tablespaces')}`,
    'restore',
  ];
  await asOwner(source, ['mkdir', '-m', '700', data], { ...tool, onLine: undefined });
  await pgbackrest(source, argv, tool);
}

/** On the command line, because `postgresql.auto.conf` of the original comes with the backup and would win over a file. */
function scratchSettings(folder: string): Readonly<Record<string, string>> {
  return {
    config_file: path.join(folder, 'postgresql.conf'),
    hba_file: path.join(folder, 'pg_hba.conf'),
    ident_file: path.join(folder, 'pg_ident.conf'),
    unix_socket_directories: folder,
    listen_addresses: '',
    port: String(PORT),
    // No sessions before the end of recovery: the original's limits need not be known.
    hot_standby: 'off',
    archive_mode: 'off',
    primary_conninfo: '',
    max_logical_replication_workers: '0',
    shared_preload_libraries: '',
    shared_buffers: '128MB',
    ssl: 'off',
    logging_collector: 'off',
    external_pid_file: '',
  };
}

async function startScratch(
  source: PgBackRest,
  {
    control,
    folder,
    data,
    tool,
  }: {
    readonly control: string;
    readonly folder: string;
    readonly data: string;
    readonly tool: ToolOptions;
  },
): Promise<void> {
  // The folder is the owner's alone, and with it the socket: who reaches it is who may.
  const readable = { mode: 0o644 };
  writeFileSync(path.join(folder, 'postgresql.conf'), '', readable);
  writeFileSync(path.join(folder, 'pg_ident.conf'), '', readable);
  writeFileSync(path.join(folder, 'pg_hba.conf'), 'local all all trust\n', readable);
  const settings = Object.entries(scratchSettings(folder)).map(([name, value]) => `-c ${name}='${value}'`);
  const log = path.join(folder, 'server.log');
  const seconds = Math.ceil(tool.timeoutMs / 1000);
  const argv = [
    control,
    '-D',
    data,
    '-l',
    log,
    '-w',
    '-t',
    String(seconds),
    '-o',
    settings.join(' '),
    'start',
  ];
  await asOwner(source, argv, tool).catch((cause: unknown) => {
    throw notStarted(log, cause);
  });
}

const POLL_MS = 200;
const NOT_RUNNING = 3;

/** `pg_ctl --wait` is content once recovery has begun: the end of it is the first session. */
async function recovered(
  source: PgBackRest,
  {
    control,
    folder,
    data,
    scratch,
    tool,
  }: {
    readonly control: string;
    readonly folder: string;
    readonly data: string;
    readonly scratch: DatabaseAddress;
    readonly tool: ToolOptions;
  },
): Promise<void> {
  const log = path.join(folder, 'server.log');
  for (const deadline = performance.now() + tool.timeoutMs; ; ) {
    try {
      return await withClient(scratch, NAME, async () => undefined);
    } catch (cause) {
      const status = await asOwner(source, [control, '-D', data, 'status'], {
        timeoutMs: STOP_TIMEOUT_MS,
        okExitCodes: [0, NOT_RUNNING],
      });
      if (status.exitCode === NOT_RUNNING || performance.now() > deadline) throw notStarted(log, cause);
      await delay(POLL_MS, undefined, { signal: tool.signal });
    }
  }
}

function notStarted(log: string, cause: unknown): Failed {
  return new Failed({
    code: 'scratch-not-started',
    seen: `the restored cluster did not start: ${tailOf(log)}`,
    expected: 'recovery up to the restore point',
    next: 'read the log: WAL that is missing in the archive is named there; then make another backup',
    cause,
  });
}

function tailOf(log: string): string {
  try {
    return readFileSync(log, 'utf8').trim().split('\n').slice(-8).join('\n');
  } catch (error) {
    return `no log: ${(error as Error).message}`;
  }
}

async function compare(
  backup: PgBackRestBackup,
  scratch: DatabaseAddress,
  tool: ToolOptions,
): Promise<{ readonly trust: 'T3'; readonly tables: number }> {
  const { systemIdentifier } = await withClient(scratch, NAME, identify);
  const fingerprints = await fingerprintTables(scratch, { ...NAME, signal: tool.signal });
  const differences = compareFingerprints(backup.fingerprints, fingerprints).map(
    (table) => `rows of ${table}`,
  );
  if (systemIdentifier !== backup.systemIdentifier) differences.unshift(`cluster ${systemIdentifier}`);
  if (differences.length === 0) return { trust: 'T3', tables: Object.keys(fingerprints).length };
  throw new Failed({
    code: 'backup-differs',
    seen: `recovered up to "${backup.restorePoint}", it differs: ${differences.slice(0, 8).join('; ')}`,
    expected: 'the rows of the original at that point',
    next: 'do not count on this backup; make another one and compare again',
    fields: { differences },
  });
}
