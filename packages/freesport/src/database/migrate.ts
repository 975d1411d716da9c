import type pg from 'pg';
import { ShopError } from '../errors.ts';
import type { MigrationFile } from './migration-files.ts';

/** Held for the length of `migrate`, so that two of them wait for each other instead of racing. */
const ADVISORY_LOCK = 0x46_53_4d_31; // "FSM1"

/** What `migrate` did. Names are those of `MigrationFile`. */
export interface MigrationOutcome {
  readonly applied: readonly string[];
  readonly alreadyApplied: readonly string[];
}

/** How migrations are applied. */
export interface MigrateOptions {
  /** How long one statement may wait for a lock; 5 s unless told. A blocked migration blocks everyone behind it. */
  readonly lockTimeoutMs?: number;
  readonly onApplied?: (name: string, durationMs: number) => void;
}

interface AppliedRow {
  readonly name: string;
  readonly sha256: string;
}

/**
 * Applies the files that `schema_migrations` does not know yet, one transaction a file. Running it again changes nothing.
 *
 * @throws ShopError `refused` when an applied file was changed or the database is of a later release; `failed` when a
 * file fails (it is rolled back whole) or waits for a lock too long, naming the sessions that hold it.
 * @example
 * await migrate(client, migrationFiles('13.4'));
 */
export async function migrate(
  client: pg.Client,
  files: readonly MigrationFile[],
  options: MigrateOptions = {},
): Promise<MigrationOutcome> {
  await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
  await client.query(`SET lock_timeout = ${Math.trunc(options.lockTimeoutMs ?? 5_000)}`);
  await lockOut(client);
  try {
    const known = await appliedMigrations(client);
    refuseStrangers(files, known);
    const applied: string[] = [];
    for (const file of files) {
      if (known.has(file.name)) continue;
      const started = performance.now();
      await applyOne(client, file);
      applied.push(file.name);
      options.onApplied?.(file.name, performance.now() - started);
    }
    return { applied, alreadyApplied: [...known.keys()] };
  } finally {
    // The session may be gone, and the lock with it.
    await client.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCK]).catch(() => undefined);
    await client.query('RESET lock_timeout').catch(() => undefined);
  }
}

/** Name → SHA-256 of what the database has; empty where the shop was never installed. */
async function appliedMigrations(client: Pick<pg.Client, 'query'>): Promise<Map<string, string>> {
  const exists = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('public.schema_migrations') IS NOT NULL AS exists`,
  );
  if (exists.rows[0]?.exists !== true) return new Map();
  const { rows } = await client.query<AppliedRow>('SELECT name, sha256 FROM schema_migrations ORDER BY name');
  return new Map(rows.map((row) => [row.name, row.sha256]));
}

function refuseStrangers(files: readonly MigrationFile[], known: ReadonlyMap<string, string>): void {
  const ours = new Map(files.map((file) => [file.name, file.sha256]));
  for (const [name, sha256] of known) {
    const own = ours.get(name);
    if (own === undefined) {
      throw new ShopError(
        'refused',
        `the database already has migration ${name}, which this release does not know: it is of a later release. ` +
          'Nothing was changed. Run the release that made it, or return to a database of this release.',
        { details: { migration: name } },
      );
    }
    if (own !== sha256) {
      throw new ShopError(
        'refused',
        `migration ${name} was changed after it had been applied (SHA-256 ${sha256.slice(0, 12)}… in the database, ` +
          `${own.slice(0, 12)}… in the release). Nothing was changed. Put the file back and write a new migration instead.`,
        { details: { migration: name, applied: sha256, found: own } },
      );
    }
  }
}

async function applyOne(client: pg.Client, file: MigrationFile): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(file.sql);
    await client.query('INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)', [
      file.name,
      file.sha256,
    ]);
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => undefined);
    const blocked = (cause as { code?: unknown }).code === '55P03';
    const named = blocked ? await lockHolders(client) : [];
    throw new ShopError(
      'failed',
      blocked
        ? `migration ${file.name} waited too long for a lock held by ${named.length === 0 ? 'a session that has ended since' : named.join('; ')}. ` +
            'It was rolled back whole. End that session or wait for it, then run migrate again.'
        : `migration ${file.name} failed and was rolled back whole: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause, details: { migration: file.name, ...(blocked ? { blockers: named } : {}) } },
    );
  }
}

/** After a lock timeout: the other sessions that hold a lock on a table of the shop, as people would name them. */
async function lockHolders(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ who: string }>(
    `SELECT DISTINCT format('pid %s (%s, %s, %s since %s) on %s', a.pid,
       coalesce(nullif(a.application_name, ''), 'unnamed'), a.usename, a.state,
       to_char(a.xact_start, 'HH24:MI:SS'), l.relation::regclass) AS who
     FROM pg_locks l
       JOIN pg_stat_activity a USING (pid)
       JOIN pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p')
       JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
     WHERE l.granted AND l.pid <> pg_backend_pid()
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     ORDER BY who`,
  );
  return rows.map((row) => row.who);
}

async function lockOut(client: pg.Client): Promise<void> {
  try {
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
  } catch (cause) {
    throw new ShopError(
      'refused',
      'another migrate holds the migration lock; nothing was changed, wait for it to end',
      {
        cause,
      },
    );
  }
}
