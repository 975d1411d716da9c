import type { ServiceControl } from './bring-service.ts';
import { runOn } from './run-on.ts';
import type { RemoteHost } from './ssh.ts';

/** A service as three commands; plain data. Init scripts, containers and everything else that has no adapter of its own. */
export interface CommandService {
  readonly kind?: undefined;
  readonly name: string;
  readonly start: readonly string[];
  readonly stop: readonly string[];
  readonly status: readonly string[];
  /** Exit code of `status` for a running service. Default 0. */
  readonly runningExit?: number | undefined;
  /** Exit code of `status` for a stopped service. Default 3, as init scripts do (LSB). */
  readonly stoppedExit?: number | undefined;
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Where the commands are run. Default: here. */
  readonly host?: RemoteHost | undefined;
  /** For each command and for the wait after it. Default 60,000. */
  readonly timeoutMs?: number | undefined;
}

const TIMEOUT_MS = 60_000;
const ANY_EXIT = Array.from({ length: 256 }, (_, code) => code);

/** A service by its own commands; an exit code that `status` is not known to have is "unknown". */
export function commandControl(service: CommandService): ServiceControl {
  const { name, host, cwd, env, timeoutMs = TIMEOUT_MS, runningExit = 0, stoppedExit = 3 } = service;
  return {
    name,
    timeoutMs,
    async look(ask) {
      const { exitCode } = await runOn(host, service.status, { ...ask, cwd, env, okExitCodes: ANY_EXIT });
      if (exitCode === runningExit) return { state: 'running' };
      if (exitCode === stoppedExit) return { state: 'stopped' };
      return { state: 'unknown', detail: `its status command ended with ${exitCode}` };
    },
    async command(wanted, ask) {
      await runOn(host, wanted === 'running' ? service.start : service.stop, { ...ask, cwd, env });
    },
  };
}
