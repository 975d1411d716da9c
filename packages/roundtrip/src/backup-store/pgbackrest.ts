import { Failed, Refused } from '../errors.ts';
import {
  type Client,
  connect,
  type DatabaseAddress,
  endSession,
  withClient,
} from '../postgres/connection.ts';
import { fingerprintTables, type TableFingerprints } from '../postgres/fingerprint.ts';
import { identify } from '../postgres/identity.ts';
import { type RunProcessOptions, type RunProcessResult, runProcess } from '../process/run-process.ts';

/** pgBackRest as it is set up on the database's machine; its stanza exists and WAL is archived by it. */
export interface PgBackRest {
  readonly stanza: string;
  /** Default: pgBackRest's own. */
  readonly config?: string | undefined;
  /** The owner of the data directory, when we are root: pgBackRest must not write root's files into its repository. */
  readonly runAs?: string | undefined;
  /** For its own sessions, readable by that user; without it as libpq finds one, or peer authentication. */
  readonly passwordFile?: string | undefined;
}

/** A backup of a whole cluster, with what one database was at a point that recovery can be stopped at. */
export interface PgBackRestBackup {
  readonly stanza: string;
  readonly label: string;
  readonly restorePoint: string;
  readonly systemIdentifier: string;
  readonly database: string;
  readonly fingerprints: TableFingerprints;
}

/** What every call to a program of the adapter takes. */
export type ToolOptions = Pick<RunProcessOptions, 'timeoutMs' | 'signal' | 'onLine' | 'onSpawn'>;

/**
 * Backs up a cluster with pgBackRest, and fingerprints one of its databases at a named restore point: what a
 * recovery up to that point must bring back. The point is after the backup, so that proving it proves the archived WAL too.
 *
 * @throws Failed `process-failed`, `program-missing`, `no-quiet-moment`; Refused `no-new-backup`.
 * @example await backupWithPgBackRest({ stanza: 'main' }, { database, type: 'full', timeoutMs: 3_600_000 })
 */
export async function backupWithPgBackRest(
  source: PgBackRest,
  options: ToolOptions & {
    /** A superuser, or who may execute `pg_create_restore_point`. */
    readonly database: DatabaseAddress;
    readonly type: 'full' | 'diff' | 'incr';
  },
): Promise<PgBackRestBackup> {
  const { database, type, ...tool } = options;
  const known = await labelsOf(source, tool);
  await pgbackrest(source, [`--type=${type}`, 'backup'], tool);
  const [label] = (await labelsOf(source, tool)).filter((one) => !known.includes(one));
  if (label === undefined)
    throw new Refused({
      code: 'no-new-backup',
      seen: `stanza ${source.stanza} lists no backup that was not there before`,
      expected: 'the backup that has just been made',
      next: 'look at `pgbackrest info`; another backup of the stanza may have expired it',
    });
  const { systemIdentifier } = await withClient(database, NAME, identify);
  const point = await takePoint(database, `roundtrip ${label}`, tool);
  // Switches the segment and waits until it is in the repository: without it the point could not be reached.
  await pgbackrest(source, ['check'], tool);
  return { stanza: source.stanza, label, systemIdentifier, database: database.database, ...point };
}

const NAME = { applicationName: 'roundtrip pgbackrest' };
const POINT_ATTEMPTS = 200;

/**
 * A restore point and the fingerprints at exactly that point: a snapshot is taken on both sides of the point, and counts only
 * when no transaction ended between the two. Where one commits in the instant between its record and the end of its visibility the
 * comparison fails later; it can never pass wrongly.
 */
async function takePoint(
  database: DatabaseAddress,
  restorePoint: string,
  tool: ToolOptions,
): Promise<{ readonly restorePoint: string; readonly fingerprints: TableFingerprints }> {
  const session = await connect(database, NAME);
  const other = await connect(database, NAME);
  try {
    for (let attempt = 1; attempt <= POINT_ATTEMPTS; attempt += 1) {
      const name = `${restorePoint} ${attempt}`;
      await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const { rows } = await session.query<{ id: string; seen: string }>(
        'SELECT pg_export_snapshot() AS id, pg_current_snapshot()::text AS seen',
      );
      await other.query('SELECT pg_create_restore_point($1)', [name]);
      const [taken] = rows;
      if (taken !== undefined && (await snapshotOf(other)) === taken.seen) {
        const snapshot = taken.id;
        const { signal } = tool;
        return {
          restorePoint: name,
          fingerprints: await fingerprintTables(database, { snapshot, signal, ...NAME }),
        };
      }
      await session.query('ROLLBACK');
    }
  } finally {
    await endSession(session);
    await endSession(other);
  }
  throw new Failed({
    code: 'no-quiet-moment',
    seen: `${POINT_ATTEMPTS} restore points, and a transaction ended beside each`,
    expected: 'one moment without an end of a transaction',
    next: 'repeat it when the cluster has less to do',
  });
}

async function snapshotOf(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<{ seen: string }>('SELECT pg_current_snapshot()::text AS seen');
  return rows[0]?.seen;
}

/** Labels of the stanza's backups, the oldest first. */
async function labelsOf(source: PgBackRest, tool: ToolOptions): Promise<string[]> {
  const { stdout } = await pgbackrest(source, ['--output=json', 'info'], { ...tool, onLine: undefined });
  const stanzas = JSON.parse(stdout) as { backup?: { label: string }[] }[];
  return (stanzas[0]?.backup ?? []).map(({ label }) => label);
}

/** Runs pgBackRest on the stanza. */
export function pgbackrest(
  source: PgBackRest,
  argv: readonly string[],
  tool: ToolOptions,
): Promise<RunProcessResult> {
  const { stanza, config, passwordFile } = source;
  const common = [`--stanza=${stanza}`, ...(config === undefined ? [] : [`--config=${config}`])];
  return asOwner(source, ['pgbackrest', ...common, ...argv], {
    ...tool,
    env: passwordFile === undefined ? {} : { PGPASSFILE: passwordFile },
  });
}

/** Runs a program as the owner of the data directory. */
export function asOwner(
  { runAs }: Pick<PgBackRest, 'runAs'>,
  argv: readonly string[],
  options: RunProcessOptions,
): Promise<RunProcessResult> {
  const whole = runAs === undefined ? argv : ['runuser', '-u', runAs, '--', ...argv];
  return runProcess(whole, { cwd: '/', ...options });
}
