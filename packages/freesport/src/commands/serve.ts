import type { Command } from 'commander';
import { serveApi } from '../server/serve-api.ts';
import { shopDirectories } from '../service/directories.ts';
import { runCommand, wholeNumber } from './run-command.ts';

/**
 * `serve [--port N] [--host H]`: the API in the foreground until SIGTERM.
 *
 * @example
 * serveCommand(program);
 */
export function serveCommand(program: Command): void {
  program
    .command('serve')
    .description('serve the API in the foreground')
    .option('--port <n>', 'port (default: FREESPORT_PORT or 8000)')
    .option('--host <address>', 'address to listen on', process.env.FREESPORT_HOST ?? '127.0.0.1')
    .action(async (options: { port?: string; host: string }) => {
      await runCommand('serve', {}, async () => {
        const port = apiPort(options.port);
        await serveApi({ port, host: options.host, directories: shopDirectories() });
        return {};
      });
    });
}

/** The API's port: the option, else FREESPORT_PORT, else 8000. */
export function apiPort(option: string | undefined): number {
  return wholeNumber('--port', option ?? process.env.FREESPORT_PORT ?? '8000', { max: 65_535 });
}
