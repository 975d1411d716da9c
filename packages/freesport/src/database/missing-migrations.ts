import type { ReleaseVersion } from '../release.ts';
import type { Queryable } from './database.ts';
import { migrationFiles } from './migration-files.ts';

/** How a database's schema differs from a release's: what it lacks, and what it has that the release does not know. */
export interface SchemaDifference {
  readonly missing: readonly string[];
  readonly unknown: readonly string[];
}

/**
 * Compares `schema_migrations` with the files of a release.
 *
 * @example
 * const { missing } = await missingMigrations(database, '13.4');
 */
export async function missingMigrations(db: Queryable, version: ReleaseVersion): Promise<SchemaDifference> {
  const names = migrationFiles(version).map((file) => file.name);
  const [table] = await db.query<{ exists: boolean }>(
    `SELECT to_regclass('public.schema_migrations') IS NOT NULL AS exists`,
  );
  const rows =
    table?.exists === true ? await db.query<{ name: string }>('SELECT name FROM schema_migrations') : [];
  const applied = new Set(rows.map((row) => row.name));
  return {
    missing: names.filter((name) => !applied.has(name)),
    unknown: [...applied].filter((name) => !names.includes(name)).sort(),
  };
}
