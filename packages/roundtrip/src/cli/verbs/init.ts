import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Failed, Refused } from '../../errors.ts';
import { readDatabaseFacts } from '../../init/database-facts.ts';
import { estimateDurations } from '../../init/estimate-durations.ts';
import { measureReading } from '../../init/measure-reading.ts';
import { detectMigrationTools } from '../../init/migration-tool.ts';
import type { Proposal } from '../../init/proposal.ts';
import { proposeStrategy } from '../../init/propose-strategy.ts';
import { proposeTables } from '../../init/propose-tables.ts';
import { renderRunbook } from '../../init/render-runbook.ts';
import { renderTargets } from '../../init/render-targets.ts';
import { type DatabaseAddress, withClient } from '../../postgres/connection.ts';
import { replicationPreflight } from '../../postgres/replication/index.ts';
import { canonicalTableName } from '../../postgres/table-name.ts';
import { formatMs } from '../../runbook/duration.ts';
import type { CliEnvironment, CommonOptions } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import type { RegisterVerb } from '../verb.ts';
import { conclude, withDatabase } from './backup-options.ts';

interface InitFlags extends CommonOptions {
  readonly database?: string | undefined;
  readonly folder: string;
  readonly project: string;
  readonly migrates?: readonly string[] | undefined;
}

const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** `roundtrip init`: looks at a database and a project, and proposes a runbook with its targets. Overwrites nothing. */
export const registerInit: RegisterVerb = (program, run) => {
  program
    .command('init')
    .description(
      'look at a database (read-only) and write a commented runbook and its targets; overwrites nothing',
    )
    .option(
      '--database <url>',
      'postgres://user@host:port/database (default PGHOST, PGPORT, PGUSER, PGDATABASE)',
    )
    .option('--folder <folder>', 'where to write', '.')
    .option('--project <folder>', 'where the migration tool of the application is looked for', '.')
    .option('--migrates <table>', 'a table that the migration changes; may be repeated', several)
    .action(run<InitFlags>(init));
};

async function init(environment: CliEnvironment, options: InitFlags): Promise<number> {
  const files = ['runbook.ts', 'targets.json'].map((name) => path.join(options.folder, name));
  refuseToOverwrite(files);
  const proposal = await withDatabase(
    environment,
    { database: options.database, jobs: '1', timeout: '1h' },
    (address) => propose(environment, options, address),
  );
  const texts = [renderRunbook(proposal), renderTargets(proposal)];
  for (const [at, file] of files.entries()) writeNew(file, texts[at] ?? '');
  return tell(environment, options, { files, proposal });
}

function refuseToOverwrite(files: readonly string[]): void {
  const there = files.find((file) => existsSync(file));
  if (there !== undefined) throw exists(there);
}

function exists(file: string, cause?: unknown): Refused {
  return new Refused({
    code: 'file-exists',
    seen: `${file} exists`,
    expected: 'a folder without it',
    next: 'choose another --folder, or remove it; nothing was overwritten',
    cause,
  });
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') throw exists(file, cause);
    throw new Failed({
      code: 'file-not-written',
      seen: `${file}: ${(cause as Error).message}`,
      expected: 'a folder that is there and may be written to',
      next: 'make the folder, or choose another --folder',
      cause,
    });
  }
}

const SESSION = { applicationName: 'roundtrip init', statementTimeoutMs: 30_000, lockTimeoutMs: 2_000 };

async function propose(
  environment: CliEnvironment,
  options: InitFlags,
  address: DatabaseAddress,
): Promise<Proposal> {
  const { facts, tables, findings, measured } = await withClient(address, SESSION, async (client) => {
    // The server itself refuses whatever would write.
    await client.query('SET default_transaction_read_only = on');
    const facts = await readDatabaseFacts(client);
    const migrates = (options.migrates ?? []).map(canonicalTableName);
    const tables = proposeTables(facts, { migrates: knownTables(migrates, facts.tables) });
    const streaming = tables.filter(({ isProtected }) => isProtected).map(({ table }) => table);
    const findings = await replicationPreflight({ publisher: client, subscriber: client, tables: streaming });
    return { facts, tables, findings, measured: await measureReading(client, facts.tables) };
  });
  const { host, port, user, database } = address;
  return {
    address: { host, port, user, database },
    passwordFile: passwordFileOf(environment, address),
    facts,
    tables,
    tools: detectMigrationTools(options.project),
    project: path.relative(options.folder, options.project) || '.',
    estimate: estimateDurations(facts.tables, measured),
    strategy: proposeStrategy({ facts, tables, findings }),
    day: environment.now().toISOString().slice(0, 10),
  };
}

function knownTables(
  migrates: readonly string[],
  tables: readonly { readonly table: string }[],
): readonly string[] {
  const unknown = migrates.find((name) => !tables.some(({ table }) => table === name));
  if (unknown === undefined) return migrates;
  throw new Refused({
    code: 'usage',
    seen: `--migrates ${unknown}: the database has no such table`,
    expected: 'a table of the database',
    next: 'write it as psql prints it: public."Orders"',
  });
}

/** The operator's own password file; one to be written where the password came by the URL or PGPASSWORD, whose file is gone by then. */
function passwordFileOf(
  { variables }: CliEnvironment,
  { passwordFile }: DatabaseAddress,
): string | undefined {
  if (passwordFile === undefined) return undefined;
  return passwordFile === variables.PGPASSFILE ? path.resolve(passwordFile) : 'pgpass';
}

function tell(
  environment: CliEnvironment,
  options: InitFlags,
  { files, proposal }: { readonly files: readonly string[]; readonly proposal: Proposal },
): number {
  const { tables, tools, strategy, estimate, facts, address, passwordFile } = proposal;
  const written = `${files.join(' and ')}`;
  if (passwordFile === 'pgpass')
    environment.stderr.write(
      `the password is in no file that was written: put ${address.host}:${address.port}:*:${address.user}:PASSWORD into ${path.join(options.folder, 'pgpass')}, chmod 600\n`,
    );
  environment.stderr.write(
    `wrote ${written}; next: read the comments, then roundtrip check --target production\n`,
  );
  const protectedTables = tables.filter(({ isProtected }) => isProtected).map(({ table }) => table);
  return conclude(environment, options, {
    exitCode: EXIT.success,
    data: { files, version: facts.version, strategy, tables, tools, estimate },
    lines: [
      `strategy   ${strategy.strategy}: ${strategy.why}`,
      `way back   ${strategy.wayBack}`,
      ...strategy.toChange.map(({ seen, cure }) => `to change  ${seen}: ${cure}`),
      ...strategy.warnings.map(({ seen, cure }) => `note       ${seen}: ${cure}`),
      `protected  ${protectedTables.join(', ') || 'nothing'} (${tables.length} tables looked at)`,
      `migration  ${tools.map(({ tool, seen }) => `${tool} (${seen})`).join(', ')}`,
      `estimate   dump ${formatMs(estimate.dumpMs)}, restore ${formatMs(estimate.restoreMs)}, up to ${estimate.error} times as long or as short`,
    ],
  });
}
