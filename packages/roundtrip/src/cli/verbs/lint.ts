import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { latestRun } from '../../engine/run-view.ts';
import { Refused } from '../../errors.ts';
import type { RunState } from '../../journal/fold.ts';
import { type Catalogue, readCatalogue } from '../../lint/catalogue.ts';
import type { HeldLock, StepLock } from '../../lint/held-lock.ts';
import { lintSql } from '../../lint/lint-sql.ts';
import type { SqlFile } from '../../lint/parse-sql.ts';
import { renderLint } from '../../lint/render-lint.ts';
import { usedIn } from '../../lint/used-in.ts';
import { type DatabaseAddress, withClient } from '../../postgres/connection.ts';
import { requireTarget } from '../../runbook/plan.ts';
import { type CliEnvironment, type CommonOptions, loadRunbook } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import { openStore } from '../open-store.ts';
import type { RegisterVerb } from '../verb.ts';
import { withDatabase } from './backup-options.ts';

interface LintFlags extends CommonOptions {
  readonly files: readonly string[];
  readonly target?: string | undefined;
  readonly database?: string | undefined;
  readonly usedBy?: string | undefined;
  readonly lockTimeoutIsSet?: boolean | undefined;
}

/** `roundtrip lint`: the locks that migrations take, and what is dangerous about them while customers are served. */
export const registerLint: RegisterVerb = (program, run) => {
  program
    .command('lint')
    .argument(
      '<files...>',
      'SQL files in the order in which they are executed; of a folder, its *.sql by name',
    )
    .description(
      'say which locks SQL migrations take, what they rewrite or scan, and what is dangerous about it; executes nothing',
    )
    .option('--target <name>', 'a target of the runbook: its database, and the locks that its rehearsal saw')
    .option('--database <url>', 'without a target: postgres://user@host:port/database, for types and keys')
    .option(
      '--used-by <folder>',
      'files of the running release, in which dropped and renamed names are looked for',
    )
    .option('--lock-timeout-is-set', 'what executes the files sets lock_timeout itself')
    .action(run<LintFlags>(lint));
};

async function lint(environment: CliEnvironment, options: LintFlags): Promise<number> {
  const files = options.files.flatMap(readFiles);
  const { catalogue, held } = await known(environment, options);
  const linted = await lintSql(files, {
    catalogue,
    lockTimeoutIsSet: options.lockTimeoutIsSet,
    usedIn: options.usedBy === undefined ? undefined : usedIn(options.usedBy),
  });
  const dangers = linted.findings.filter(({ severity }) => severity === 'refusal').length;
  const exitCode = dangers === 0 ? EXIT.success : EXIT.refused;
  const { stdout } = environment;
  const verdict = dangers === 0 ? 'go' : 'no-go';
  if (options.json === true) {
    const line = (type: string, data: object): string => `${JSON.stringify({ version: 1, type, ...data })}\n`;
    for (const statement of linted.statements) stdout.write(line('statement', statement));
    for (const finding of linted.findings) stdout.write(line('finding', finding));
    for (const lock of held) stdout.write(line('held-lock', lock));
    stdout.write(line('verdict', { exitCode, verdict, dangers, statements: linted.statements.length }));
    return exitCode;
  }
  for (const line of renderLint(linted, held)) stdout.write(`${line}\n`);
  stdout.write(
    `\n${linted.statements.length} statements, ${dangers} dangerous, ${linted.findings.length - dangers} to look at\n`,
  );
  return exitCode;
}

/** A file, or the files of a folder by name, as migrations are usually numbered. */
function readFiles(named: string): readonly SqlFile[] {
  try {
    const files = statSync(named).isDirectory()
      ? readdirSync(named)
          .filter((name) => name.endsWith('.sql'))
          .sort()
          .map((name) => path.join(named, name))
      : [named];
    return files.map((name) => ({ name, text: readFileSync(name, 'utf8') }));
  } catch (cause) {
    throw new Refused({
      code: 'migrations-unreadable',
      seen: `${named}: ${(cause as Error).message}`,
      expected: 'an SQL file, or a folder with *.sql',
      next: 'correct the name',
      cause,
    });
  }
}

async function known(
  environment: CliEnvironment,
  options: LintFlags,
): Promise<{ readonly catalogue: Catalogue | undefined; readonly held: readonly StepLock[] }> {
  const catalogueOf = (address: DatabaseAddress): Promise<Catalogue> =>
    withClient(address, { applicationName: 'roundtrip lint' }, readCatalogue);
  if (options.target !== undefined) {
    const target = requireTarget(await loadRunbook(environment, options), options.target);
    const store = await openStore(environment, options);
    const rehearsal = latestRun(store.state, {
      target: target.staging ?? target.name,
      kind: 'rehearsal',
    });
    return { catalogue: await catalogueOf(target.database), held: heldLocks(rehearsal?.state) };
  }
  if (options.database === undefined) return { catalogue: undefined, held: [] };
  const flags = { database: options.database, jobs: '1', timeout: '1h' };
  return { catalogue: await withDatabase(environment, flags, catalogueOf), held: [] };
}

/** What the commands of a rehearsal were seen holding. */
function heldLocks(state: RunState | undefined): readonly StepLock[] {
  return Object.entries(state?.steps ?? {}).flatMap(([step, { do: act }]) =>
    ((act.evidence.locks as unknown as readonly HeldLock[] | undefined) ?? []).map((lock) => ({
      step,
      ...lock,
    })),
  );
}
