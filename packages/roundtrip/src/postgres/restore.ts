import path from 'node:path';
import { Refused } from '../errors.ts';
import { type RunProcessOptions, runProcess } from '../process/run-process.ts';
import { analyseDatabase } from './analyse.ts';
import { type Client, type DatabaseAddress, toolEnvironment, UNGUARDED, withClient } from './connection.ts';
import type { DatabaseDescription } from './describe.ts';
import { archiveFolder, readManifest } from './manifest.ts';
import { findPrograms } from './programs.ts';
import { databaseOid } from './switch.ts';

export interface RestoreOptions {
  readonly directory: string;
  /** A database to work from, such as `postgres`. */
  readonly admin: DatabaseAddress;
  /** Must not exist: never restored over anything, never with --clean. */
  readonly database: string;
  readonly jobs: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: ((stream: 'stdout' | 'stderr', line: string) => void) | undefined;
  /** Told of every child, so that a caller who dies can find it again. */
  readonly onSpawn?: RunProcessOptions['onSpawn'];
}

/**
 * For the restoring sessions only: what is lost in a crash of the server is restored again. The jobs keep the cores
 * busy: workers beside them cost a sixth of the time of a restore (22 s of CPU time against 18 s for a million orders,
 * 2026-11), and compiling the query that checks a foreign key gains nothing.
 */
const RESTORE_SETTINGS = [
  ...UNGUARDED,
  'synchronous_commit=off',
  'maintenance_work_mem=256MB',
  'max_parallel_maintenance_workers=0',
  'jit=off',
];

/** Settings whose values are lists that are quoted already (pg_dump's variable_is_guc_list_quote). */
const LIST_SETTINGS = [
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
];

/**
 * Restores a backup into a new database with the original's encoding, locale, owner, settings and rights, and
 * analyses it.
 *
 * @throws Refused `database-exists`; Failed `process-failed` when pg_restore stops at its first error.
 */
export async function restoreDump(options: RestoreOptions): Promise<{ readonly oid: string }> {
  const { directory, admin, database } = options;
  const { description } = readManifest(directory);
  const oid = await withClient(admin, { applicationName: 'roundtrip restore' }, (client) =>
    createDatabase(client, database, description.creation),
  );
  const { directory: programs } = await findPrograms();
  const argv = [
    path.join(programs, 'pg_restore'),
    '--exit-on-error',
    `--jobs=${options.jobs}`,
    `--dbname=${database}`,
    '--no-password',
    archiveFolder(directory),
  ];
  const env = {
    ...toolEnvironment({ ...admin, database }, { applicationName: 'roundtrip restore' }),
    PGOPTIONS: RESTORE_SETTINGS.map((setting) => `-c ${setting}`).join(' '),
  };
  const { timeoutMs, signal, onLine, onSpawn } = options;
  await runProcess(argv, { env, timeoutMs, signal, onLine, onSpawn });
  await analyseDatabase(
    { ...admin, database },
    { workers: options.jobs, applicationName: 'roundtrip restore', signal },
  );
  await withClient({ ...admin, database }, { applicationName: 'roundtrip restore' }, async (client) => {
    await applySettings(client, database, description);
  });
  return { oid };
}

async function createDatabase(
  client: Client,
  database: string,
  creation: DatabaseDescription['creation'],
): Promise<string> {
  if ((await databaseOid(client, database)) !== undefined) {
    throw new Refused({
      code: 'database-exists',
      seen: `database ${database} exists`,
      expected: 'a name that is free: a restore never overwrites',
      next: 'choose another name, or drop it yourself once you are sure',
    });
  }
  const { owner, encoding, collate, ctype, icuLocale, tablespace } = creation;
  const name = client.escapeIdentifier(database);
  const literal = (text: string): string => client.escapeLiteral(text);
  const icu = icuLocale === undefined ? '' : ` LOCALE_PROVIDER icu ICU_LOCALE ${literal(icuLocale)}`;
  // On the same disk as the original, where this server has that tablespace.
  const { rowCount } = await client.query('SELECT FROM pg_tablespace WHERE spcname = $1', [
    tablespace ?? null,
  ]);
  const kept = rowCount === 0 ? '' : ` TABLESPACE ${client.escapeIdentifier(tablespace ?? '')}`;
  await client.query(
    `CREATE DATABASE ${name} OWNER ${owner} TEMPLATE template0 ENCODING ${literal(encoding)} LC_COLLATE ${literal(collate)} LC_CTYPE ${literal(ctype)}${icu}${kept}`,
  );
  return (await databaseOid(client, database)) ?? '';
}

async function applySettings(
  client: Client,
  database: string,
  { settings, grants, creation }: DatabaseDescription,
): Promise<void> {
  const name = client.escapeIdentifier(database);
  const { connectionLimit, comment } = creation;
  if (connectionLimit !== undefined)
    await client.query(`ALTER DATABASE ${name} CONNECTION LIMIT ${connectionLimit}`);
  if (comment !== undefined)
    await client.query(`COMMENT ON DATABASE ${name} IS ${client.escapeLiteral(comment)}`);
  for (const { role, setting } of settings) {
    const equals = setting.indexOf('=');
    const parameter = setting.slice(0, equals);
    const value = LIST_SETTINGS.includes(parameter)
      ? setting.slice(equals + 1)
      : client.escapeLiteral(setting.slice(equals + 1));
    const subject =
      role === null ? `DATABASE ${name}` : `ROLE ${client.escapeIdentifier(role)} IN DATABASE ${name}`;
    await client.query(`ALTER ${subject} SET ${parameter} = ${value}`);
  }
  if (grants === null) return;
  await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  for (const { grantee, privilege, grantable } of grants) {
    await client.query(
      `GRANT ${privilege} ON DATABASE ${name} TO ${grantee}${grantable ? ' WITH GRANT OPTION' : ''}`,
    );
  }
}
