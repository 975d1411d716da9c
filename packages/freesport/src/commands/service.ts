import { Argument, type Command } from 'commander';
import { type ControlOptions, serviceStatus, startService, stopService } from '../service/control-service.ts';
import { shopDirectories } from '../service/directories.ts';
import type { ServiceName } from '../service/pid-file.ts';
import { runCommand } from './run-command.ts';
import { apiPort } from './serve.ts';

/** What `status` exits with for a service that does not run, as init scripts do (LSB). */
const STOPPED = 3;

type Verb = 'start' | 'stop' | 'status' | 'restart';

/**
 * `service start|stop|status|restart api|worker`: runs a service of this release in the background.
 *
 * @example
 * serviceCommand(program);
 */
export function serviceCommand(program: Command): void {
  program
    .command('service')
    .description('start, stop, restart or look at a service in the background')
    .addArgument(new Argument('<verb>').choices(['start', 'stop', 'status', 'restart']))
    .addArgument(new Argument('<service>').choices(['api', 'worker']))
    .option('--port <n>', 'port of the API (default: FREESPORT_PORT or 8000)')
    .option('--json', 'print one JSON object to stdout')
    .action(async (verb: Verb, service: ServiceName, options: { port?: string; json?: boolean }) => {
      await runCommand(`service ${verb}`, options, async (say) => {
        const control = { directories: shopDirectories(), port: apiPort(options.port) };
        const status = await apply(verb, service, control);
        say(
          status.running
            ? `${service} runs: release ${status.release}, pid ${status.pid}${status.port === undefined ? '' : `, port ${status.port}`}`
            : `${service} is stopped`,
        );
        if (verb === 'status' && !status.running) process.exitCode = STOPPED;
        return status;
      });
    });
}

async function apply(
  verb: Verb,
  service: ServiceName,
  control: ControlOptions,
): ReturnType<typeof startService> {
  if (verb === 'stop' || verb === 'restart') await stopService(service, control);
  if (verb === 'start' || verb === 'restart') return await startService(service, control);
  return serviceStatus(service, control);
}
