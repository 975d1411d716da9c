import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { releaseRoot, releaseVersion } from '../release.ts';
import { createUserCommand } from './create-user.ts';
import { flushProductsCommand } from './flush-products.ts';
import { migrateCommand } from './migrate.ts';
import { releaseBuildCommand } from './release-build.ts';
import { seedCommand } from './seed.ts';
import { serveCommand } from './serve.ts';
import { serviceCommand } from './service.ts';
import { workerCommand } from './worker.ts';

/** Exit code of a wrong command line. */
const USAGE = 2;

/**
 * The management commands of this release.
 *
 * @example
 * await (await shopProgram()).parseAsync();
 */
export async function shopProgram(): Promise<Command> {
  const program = new Command('freesport')
    .description(`Management commands of the shop FREESPORT, release ${releaseVersion()}`)
    .version(releaseVersion())
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : USAGE));
  migrateCommand(program);
  flushProductsCommand(program);
  await addImport(program);
  seedCommand(program);
  serveCommand(program);
  workerCommand(program);
  serviceCommand(program);
  releaseBuildCommand(program);
  createUserCommand(program);
  return program;
}

/** The import belongs to 13.4: a tree of 13.3 does not hold its file. */
async function addImport(program: Command): Promise<void> {
  const file = path.join(releaseRoot, 'src', 'commands', 'import-products-from-1c.ts');
  if (!existsSync(file)) return;
  const module = (await import(file)) as { importProductsFrom1cCommand?: (program: Command) => void };
  module.importProductsFrom1cCommand?.(program);
}
