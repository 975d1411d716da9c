import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { releaseRoot, releaseVersion } from '../release.ts';

/** Exit code of a wrong command line. */
const USAGE = 2;

type Register = (program: Command) => void;

/** Each command in a file of its own, loaded when it is asked for: an import need not carry the web server in memory. */
const COMMANDS: Readonly<Record<string, () => Promise<Register | undefined>>> = {
  migrate: async () => (await import('./migrate.ts')).migrateCommand,
  'flush-products': async () => (await import('./flush-products.ts')).flushProductsCommand,
  'import-products-from-1c': importCommand,
  seed: async () => (await import('./seed.ts')).seedCommand,
  serve: async () => (await import('./serve.ts')).serveCommand,
  worker: async () => (await import('./worker.ts')).workerCommand,
  service: async () => (await import('./service.ts')).serviceCommand,
  'release-build': async () => (await import('./release-build.ts')).releaseBuildCommand,
  'create-user': async () => (await import('./create-user.ts')).createUserCommand,
};

/**
 * The management commands of this release; of those, only the one that `argv` names where it names one.
 *
 * @example
 * await (await shopProgram()).parseAsync();
 */
export async function shopProgram(argv: readonly string[] = process.argv): Promise<Command> {
  const program = new Command('freesport')
    .description(`Management commands of the shop FREESPORT, release ${releaseVersion()}`)
    .version(releaseVersion())
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : USAGE));
  const [, , name = ''] = argv;
  const wanted = Object.hasOwn(COMMANDS, name) ? [COMMANDS[name]] : Object.values(COMMANDS);
  for (const load of wanted) (await load?.())?.(program);
  return program;
}

/** The import belongs to 13.4: a tree of 13.3 does not hold its file. */
async function importCommand(): Promise<Register | undefined> {
  const file = path.join(releaseRoot, 'src', 'commands', 'import-products-from-1c.ts');
  if (!existsSync(file)) return undefined;
  return ((await import(file)) as { importProductsFrom1cCommand?: Register }).importProductsFrom1cCommand;
}
