import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** A migration tool of a project folder, and the step that runs it. */
export interface MigrationTool {
  readonly tool: string;
  /** The file that tells, relative to the project. */
  readonly seen: string;
  /** Of the step; the tool gets PGHOST, PGPORT, PGUSER, PGDATABASE and PGPASSFILE of the copy. */
  readonly argv: readonly string[];
  /** A command that ends with 0 only when nothing is pending, where the tool has one. */
  readonly verify?: readonly string[] | undefined;
  /** What tells that migrations are pending, for people. */
  readonly pending: string;
  /** What the project must do to reach the database that it is told. */
  readonly connects: string;
}

const URL_OF_STEP = '"postgresql://$PGUSER@$PGHOST:$PGPORT/$PGDATABASE"';
const shell = (command: string): string[] => ['sh', '-c', command];
const FROM_VARIABLES =
  'the project must take host, port, user and database from PGHOST, PGPORT, PGUSER, PGDATABASE';

/** Without a tool: one SQL file through psql. */
const PLAIN_SQL: MigrationTool = {
  tool: 'psql',
  seen: 'no migration tool',
  argv: ['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '--single-transaction', '--file', 'migration.sql'],
  pending: 'nothing: psql keeps no record of what it has run',
  connects: 'psql reads all of it by itself',
};

interface Signature extends MigrationTool {
  /** Files of which one must be there, and what it must contain. */
  readonly files: readonly string[];
  readonly contains?: RegExp | undefined;
}

const TOOLS: readonly Omit<Signature, 'seen'>[] = [
  {
    tool: 'Django',
    files: ['manage.py'],
    contains: /django/i,
    argv: ['python3', 'manage.py', 'migrate', '--noinput'],
    verify: ['python3', 'manage.py', 'migrate', '--check'],
    pending: 'python3 manage.py showmigrations --plan',
    connects: `${FROM_VARIABLES} (settings.DATABASES); psycopg reads PGPASSFILE by itself`,
  },
  {
    tool: 'Prisma',
    files: ['prisma/schema.prisma', 'schema.prisma'],
    contains: /postgres/,
    argv: shell(`DATABASE_URL=${URL_OF_STEP} exec npx prisma migrate deploy`),
    verify: shell(`DATABASE_URL=${URL_OF_STEP} exec npx prisma migrate status`),
    pending: 'npx prisma migrate status',
    connects:
      'Prisma reads no password file: let pg_hba.conf trust this role from here, or wrap the command in one that reads PGPASSFILE',
  },
  {
    tool: 'Drizzle',
    files: ['drizzle.config.ts', 'drizzle.config.js', 'drizzle.config.json', 'drizzle.config.mjs'],
    argv: shell(`DATABASE_URL=${URL_OF_STEP} exec npx drizzle-kit migrate`),
    pending: 'drizzle-kit has no command for it: compare its folder with drizzle.__drizzle_migrations',
    connects:
      'its config must take the URL from DATABASE_URL; the password comes from PGPASSFILE with the driver pg',
  },
  {
    tool: 'Knex',
    files: ['knexfile.ts', 'knexfile.js', 'knexfile.mjs', 'knexfile.cjs'],
    argv: ['npx', 'knex', 'migrate:latest'],
    pending: 'npx knex migrate:status',
    connects: `${FROM_VARIABLES} (knexfile: connection: {}); pg reads PGPASSFILE by itself`,
  },
  {
    tool: 'node-pg-migrate',
    files: ['package.json'],
    contains: /"node-pg-migrate"\s*:/,
    argv: ['npx', 'node-pg-migrate', 'up'],
    pending: 'npx node-pg-migrate up --dry-run',
    connects: 'it reads PGHOST … PGPASSFILE by itself where DATABASE_URL is not set',
  },
  {
    tool: 'Rails',
    files: ['db/migrate'],
    argv: shell(`DATABASE_URL=${URL_OF_STEP} exec bin/rails db:migrate`),
    verify: shell(`DATABASE_URL=${URL_OF_STEP} exec bin/rails db:abort_if_pending_migrations`),
    pending: 'bin/rails db:migrate:status',
    connects: 'the password comes from PGPASSFILE; set RAILS_ENV in the step’s env',
  },
  {
    tool: 'Alembic',
    files: ['alembic.ini'],
    argv: ['alembic', 'upgrade', 'head'],
    pending: 'alembic current, which must be what alembic heads says',
    connects: `${FROM_VARIABLES} (env.py: the URL postgresql:// alone does); psycopg reads PGPASSFILE by itself`,
  },
  {
    tool: 'Flyway',
    files: ['flyway.toml', 'flyway.conf', 'conf/flyway.conf', 'conf/flyway.toml'],
    argv: shell('exec flyway -url="jdbc:postgresql://$PGHOST:$PGPORT/$PGDATABASE" -user="$PGUSER" migrate'),
    pending: 'flyway info',
    connects: 'the JDBC driver reads PGPASSFILE by itself; take url and password out of its configuration',
  },
];

/**
 * Every migration tool whose files are in the project folder, the likeliest first; never empty: without one it is psql with a file.
 * Looks at names and at the text of one file a tool, runs nothing of the project.
 *
 * @example detectMigrationTools('.')[0]?.argv // ['python3', 'manage.py', 'migrate', '--noinput']
 */
export function detectMigrationTools(project: string): readonly MigrationTool[] {
  const found = TOOLS.flatMap(({ files, contains, ...tool }) => {
    const seen = files.find((file) => fits(path.join(project, file), contains));
    if (seen === undefined) return [];
    // Other tools keep SQL in db/migrate as well: Rails has a Gemfile.
    if (tool.tool === 'Rails' && !existsSync(path.join(project, 'Gemfile'))) return [];
    return [{ ...tool, seen }];
  });
  const versioned = found.some(({ tool }) => tool === 'Flyway') ? undefined : flywayFolder(project);
  const flyway = TOOLS.find(({ tool }) => tool === 'Flyway');
  if (versioned !== undefined && flyway !== undefined) {
    const { files: _files, contains: _contains, ...tool } = flyway;
    found.push({ ...tool, seen: versioned });
  }
  return found.length > 0 ? found : [PLAIN_SQL];
}

function fits(file: string, contains: RegExp | undefined): boolean {
  if (!existsSync(file)) return false;
  return contains === undefined || (statSync(file).isFile() && contains.test(readFileSync(file, 'utf8')));
}

/** A folder of files such as V1__init.sql is Flyway's, also where its configuration is elsewhere. */
function flywayFolder(project: string): string | undefined {
  return ['sql', 'migrations', 'db/migration', 'src/main/resources/db/migration'].find((folder) => {
    const at = path.join(project, folder);
    return (
      existsSync(at) &&
      statSync(at).isDirectory() &&
      readdirSync(at).some((name) => /^V\d.*__.*\.sql$/.test(name))
    );
  });
}
