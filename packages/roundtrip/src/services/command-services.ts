import { setTimeout as delay } from 'node:timers/promises';
import { Failed } from '../errors.ts';
import { runProcess } from '../process/run-process.ts';

/** A service as three commands; plain data. systemd, supervisor and init scripts all fit. */
export interface CommandService {
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
  /** For each command and for the wait after it. Default 60,000. */
  readonly timeoutMs?: number | undefined;
}

export type ServiceState = 'running' | 'stopped' | 'unknown';

interface Options {
  readonly signal?: AbortSignal | undefined;
}

const TIMEOUT_MS = 60_000;
const POLL_MS = 100;

/** What the status command says; an exit code it does not know is "unknown", never taken for either. */
export async function serviceState(service: CommandService, { signal }: Options = {}): Promise<ServiceState> {
  const { cwd, env, timeoutMs = TIMEOUT_MS, runningExit = 0, stoppedExit = 3 } = service;
  const anyExit = Array.from({ length: 256 }, (_, code) => code);
  const { exitCode } = await runProcess(service.status, {
    cwd,
    env,
    timeoutMs,
    signal,
    okExitCodes: anyExit,
  });
  if (exitCode === runningExit) return 'running';
  return exitCode === stoppedExit ? 'stopped' : 'unknown';
}

/** Starts a service and waits until its status says so. Idempotent. */
export function startService(service: CommandService, options: Options = {}): Promise<void> {
  return bring(service, 'running', service.start, options);
}

/** Stops a service and waits until its status says so: a stop command may return before the process is gone. */
export function stopService(service: CommandService, options: Options = {}): Promise<void> {
  return bring(service, 'stopped', service.stop, options);
}

async function bring(
  service: CommandService,
  wanted: ServiceState,
  command: readonly string[],
  { signal }: Options,
): Promise<void> {
  if ((await serviceState(service, { signal })) === wanted) return;
  const { cwd, env, timeoutMs = TIMEOUT_MS } = service;
  await runProcess(command, { cwd, env, timeoutMs, signal });
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const state = await serviceState(service, { signal });
    if (state === wanted) return;
    if (Date.now() > deadline) {
      throw new Failed({
        code: 'service-not-in-state',
        seen: `${service.name} is ${state} ${timeoutMs} ms after its command succeeded`,
        expected: `${service.name} ${wanted}`,
        next: "look at the service's log",
      });
    }
    await delay(POLL_MS, undefined, { signal });
  }
}
