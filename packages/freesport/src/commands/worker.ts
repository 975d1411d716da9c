import type { Command } from 'commander';
import { shopDirectories } from '../service/directories.ts';
import { runWorker } from '../worker/run-worker.ts';
import { runCommand } from './run-command.ts';

/**
 * `worker`: runs the shop's jobs in the foreground until SIGTERM.
 *
 * @example
 * workerCommand(program);
 */
export function workerCommand(program: Command): void {
  program
    .command('worker')
    .description("run the shop's jobs in the foreground")
    .action(async () => {
      await runCommand('worker', {}, async () => {
        await runWorker({ runDirectory: shopDirectories().run });
        return {};
      });
    });
}
