import type { Command } from 'commander';
import { buildReleaseRepository } from '../service/build-release-repository.ts';
import { runCommand } from './run-command.ts';

/**
 * `release-build --out REPO`: a git repository with the tags `v13.3` and `v13.4`, to deploy from.
 *
 * @example
 * releaseBuildCommand(program);
 */
export function releaseBuildCommand(program: Command): void {
  program
    .command('release-build')
    .description('make a git repository whose tags v13.3 and v13.4 hold the two releases')
    .requiredOption('--out <repository>', 'folder to make; must not exist or be empty')
    .option('--json', 'print one JSON object to stdout')
    .action(async (options: { out: string; json?: boolean }) => {
      await runCommand('release-build', options, async (say) => {
        const built = await buildReleaseRepository(options.out);
        for (const [tag, commit] of Object.entries(built.tags)) say(`${tag} ${commit}`);
        return built;
      });
    });
}
