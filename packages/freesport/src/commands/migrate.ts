import type { Command } from 'commander';
import { migrate } from '../database/migrate.ts';
import { migrationFiles } from '../database/migration-files.ts';
import { withClient } from '../database/with-client.ts';
import { ShopError } from '../errors.ts';
import { type ReleaseVersion, releaseVersion } from '../release.ts';
import { installWorkerSchema } from '../worker/install-worker-schema.ts';
import { runCommand, wholeNumber } from './run-command.ts';

interface MigrateArguments {
  readonly target?: string;
  readonly lockTimeoutMs: string;
  readonly json?: boolean;
}

/**
 * `migrate [--target 13.3|13.4]`: brings the database to the schema of a release, and installs the worker's.
 *
 * @example
 * migrateCommand(program);
 */
export function migrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('apply the migrations of a release; running it again changes nothing')
    .option('--target <version>', "release whose schema is wanted (default: this tree's)")
    .option('--lock-timeout-ms <n>', 'how long one statement may wait for a lock', '5000')
    .option('--json', 'print one JSON object to stdout')
    .action(async (options: MigrateArguments) => {
      await runCommand('migrate', options, async (say) => {
        const target = targetOf(options.target);
        const lockTimeoutMs = wholeNumber('--lock-timeout-ms', options.lockTimeoutMs, {
          min: 1,
          max: 3_600_000,
        });
        const started = performance.now();
        const outcome = await withClient(async (client) => {
          const done = await migrate(client, migrationFiles(target), {
            lockTimeoutMs,
            onApplied: (name, durationMs) => say(`Applied ${name} in ${Math.round(durationMs)} ms`),
          });
          await installWorkerSchema();
          return done;
        });
        say(
          outcome.applied.length === 0
            ? `Nothing to do: the database has all ${outcome.alreadyApplied.length} migrations of ${target}`
            : `Database is at ${target}`,
        );
        return { target, ...outcome, durationMs: Math.round(performance.now() - started) };
      });
    });
}

function targetOf(text: string | undefined): ReleaseVersion {
  const own = releaseVersion();
  const target = text ?? own;
  if (target !== '13.3' && target !== '13.4') {
    throw new ShopError('usage', `--target wants 13.3 or 13.4, not "${target}"`);
  }
  if (target === '13.4' && own === '13.3') {
    throw new ShopError(
      'usage',
      'this is the tree of release 13.3, which has no migrations of 13.4; deploy 13.4 first',
    );
  }
  return target;
}
