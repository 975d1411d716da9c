import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ShopError } from '../errors.ts';
import { releaseRoot, releaseVersion } from '../release.ts';
import type { ShopDirectories } from './directories.ts';
import {
  lastService,
  removePidFile,
  runningService,
  type ServiceName,
  type ServiceRecord,
  writePidFile,
} from './pid-file.ts';
import { groupMembers, processStart } from './process-identity.ts';
import { readinessFile } from './readiness.ts';

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 20_000;
const KILL_TIMEOUT_MS = 5_000;
const POLL_MS = 25;
const LOG_TAIL_BYTES = 2_000;

/** What `service status` tells. */
export interface ServiceStatus {
  readonly service: ServiceName;
  readonly running: boolean;
  readonly pid?: number | undefined;
  readonly release?: string | undefined;
  readonly root?: string | undefined;
  readonly port?: number | undefined;
}

export interface ControlOptions {
  readonly directories: ShopDirectories;
  /** For the API. */
  readonly port: number;
}

/**
 * Whether a service runs, told by its pid file and the start time of that process.
 *
 * @example
 * serviceStatus('api', { directories: shopDirectories(), port: 8000 }).running;
 */
export function serviceStatus(service: ServiceName, options: ControlOptions): ServiceStatus {
  const record = runningService(options.directories.run, service);
  if (record === undefined) return { service, running: false };
  return {
    service,
    running: true,
    pid: record.pid,
    release: record.release,
    root: record.root,
    port: record.port,
  };
}

/**
 * Starts a service of this release, detached, and waits until it is really up: the API's health answers, the worker
 * holds its connection. One that already runs is left alone if it is of this tree.
 *
 * @throws ShopError `refused` where another release's runs, `failed` with the end of its log where it does not come up.
 * @example
 * await startService('api', options);
 */
export async function startService(service: ServiceName, options: ControlOptions): Promise<ServiceStatus> {
  const { directories } = options;
  const running = runningService(directories.run, service);
  if (running !== undefined) {
    if (running.root === releaseRoot) return serviceStatus(service, options);
    throw new ShopError(
      'refused',
      `${service} of release ${running.release} already runs (pid ${running.pid}); use service restart`,
    );
  }
  const record = launch(service, options);
  const logFile = logFileOf(directories, service);
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    if (processStart(record.pid) !== record.startedAs) {
      removePidFile(directories.run, service);
      throw new ShopError(
        'failed',
        `${service} ended while starting; its log ends with:\n${logTail(logFile)}`,
      );
    }
    if (await isUp(service, record, directories)) return serviceStatus(service, options);
    if (performance.now() > deadline) {
      await stopService(service, options);
      throw new ShopError(
        'failed',
        `${service} was not up after ${START_TIMEOUT_MS} ms and was stopped; its log ends with:\n${logTail(logFile)}`,
      );
    }
    await sleep(POLL_MS);
  }
}

/**
 * Ends a service and waits until its process is gone: SIGTERM, and SIGKILL after 20 s. Then whatever it had started and has left
 * behind is ended (an import of the worker: killed at any point it changes nothing), also where the service itself was killed
 * before. One that does not run is fine.
 *
 * @throws ShopError `failed` where a process outlives SIGKILL.
 * @example
 * await stopService('worker', options);
 */
export async function stopService(service: ServiceName, options: ControlOptions): Promise<ServiceStatus> {
  const { run } = options.directories;
  const running = runningService(run, service);
  if (running !== undefined) {
    signal(running.pid, 'SIGTERM');
    if (!(await isGone(running, STOP_TIMEOUT_MS))) {
      signal(running.pid, 'SIGKILL');
      if (!(await isGone(running, KILL_TIMEOUT_MS))) throw staysAlive(service, running.pid);
    }
  }
  const last = lastService(run, service);
  if (last !== undefined) await endLeftBehind(service, last);
  removePidFile(run, service);
  rmSync(readinessFile(run, service), { force: true });
  return { service, running: false };
}

function launch(service: ServiceName, options: ControlOptions): ServiceRecord {
  const { directories, port } = options;
  mkdirSync(directories.run, { recursive: true });
  mkdirSync(directories.log, { recursive: true });
  rmSync(readinessFile(directories.run, service), { force: true });
  const log = openSync(logFileOf(directories, service), 'a');
  const bin = path.join(releaseRoot, 'bin', 'freesport.ts');
  const argv = service === 'api' ? [bin, 'serve', '--port', String(port)] : [bin, 'worker'];
  const child = spawn(process.execPath, argv, {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: releaseRoot,
    env: {
      ...process.env,
      FREESPORT_RUN_DIR: directories.run,
      FREESPORT_LOG_DIR: directories.log,
      FREESPORT_SECRET_FILE: directories.secretFile,
      FREESPORT_MAINTENANCE_FLAG: directories.maintenanceFlag,
    },
  });
  closeSync(log);
  child.unref();
  const startedAs = child.pid === undefined ? undefined : processStart(child.pid);
  if (child.pid === undefined || startedAs === undefined) {
    throw new ShopError('failed', `${service} could not be started with ${process.execPath}`);
  }
  const record: ServiceRecord = {
    pid: child.pid,
    startedAs,
    release: releaseVersion(),
    root: releaseRoot,
    ...(service === 'api' ? { port } : {}),
  };
  writePidFile(directories.run, service, record);
  return record;
}

/** Up means: this very process says so, not another one on the same port. */
async function isUp(
  service: ServiceName,
  record: ServiceRecord,
  directories: ShopDirectories,
): Promise<boolean> {
  if (service === 'worker') return readsAs(readinessFile(directories.run, service), String(record.pid));
  try {
    const response = await fetch(`http://127.0.0.1:${record.port}/api/health/`, {
      signal: AbortSignal.timeout(2_000),
    });
    return response.ok && ((await response.json()) as { pid?: unknown }).pid === record.pid;
  } catch {
    // Not listening yet; the deadline of the caller bounds this.
    return false;
  }
}

function readsAs(file: string, expected: string): boolean {
  try {
    return readFileSync(file, 'utf8').trim() === expected;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function isGone(record: ServiceRecord, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (processStart(record.pid) === record.startedAs) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** A service leads a process group; what it has started is in it. */
async function endLeftBehind(service: ServiceName, { pid: leader, root }: ServiceRecord): Promise<void> {
  const deadline = performance.now() + KILL_TIMEOUT_MS;
  for (;;) {
    const left = groupMembers(leader, root);
    const [first] = left;
    if (first === undefined) return;
    if (performance.now() > deadline) throw staysAlive(`what ${service} has started`, first);
    for (const pid of left) signal(pid, 'SIGKILL');
    await sleep(POLL_MS);
  }
}

function staysAlive(what: string, pid: number): ShopError {
  return new ShopError(
    'failed',
    `${what} (pid ${pid}) does not end, not even on SIGKILL; look at the machine`,
  );
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended by itself in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function logFileOf(directories: ShopDirectories, service: ServiceName): string {
  return path.join(directories.log, `${service}.log`);
}

function logTail(file: string): string {
  const { size } = statSync(file);
  return readFileSync(file, 'utf8').slice(-Math.min(size, LOG_TAIL_BYTES));
}
