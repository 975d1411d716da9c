import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ShopError } from '../errors.ts';
import { processStart } from './process-identity.ts';

/** The shop's two services. */
export type ServiceName = 'api' | 'worker';

/** What a pid file holds, as JSON. */
export interface ServiceRecord {
  readonly pid: number;
  /** See `processStart`: the pid alone may belong to a stranger by now. */
  readonly startedAs: string;
  readonly release: string;
  readonly root: string;
  readonly port?: number | undefined;
}

/** Path of a service's pid file. */
export function pidFile(runDirectory: string, service: ServiceName): string {
  return path.join(runDirectory, `${service}.pid`);
}

/**
 * The record of a service whose process is alive and ours; undefined where it is not running.
 *
 * @throws ShopError `failed` where the file is not one of ours.
 * @example
 * const running = runningService('/run/freesport', 'api');
 */
export function runningService(runDirectory: string, service: ServiceName): ServiceRecord | undefined {
  const record = lastService(runDirectory, service);
  return record !== undefined && processStart(record.pid) === record.startedAs ? record : undefined;
}

/**
 * The record of the service that was started last and not stopped since, whether its process is alive or not.
 *
 * @throws ShopError `failed` where the file is not one of ours.
 * @example
 * const last = lastService('/run/freesport', 'worker');
 */
export function lastService(runDirectory: string, service: ServiceName): ServiceRecord | undefined {
  const file = pidFile(runDirectory, service);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as ServiceRecord;
  } catch (cause) {
    throw new ShopError(
      'failed',
      `${file} is not a pid file of this shop; look at it and remove it by hand`,
      { cause },
    );
  }
}

/** Writes the record whole or not at all. */
export function writePidFile(runDirectory: string, service: ServiceName, record: ServiceRecord): void {
  mkdirSync(runDirectory, { recursive: true });
  const file = pidFile(runDirectory, service);
  writeFileSync(`${file}.new`, `${JSON.stringify(record)}\n`);
  renameSync(`${file}.new`, file);
}

/** Takes the record away; no error where there is none. */
export function removePidFile(runDirectory: string, service: ServiceName): void {
  rmSync(pidFile(runDirectory, service), { force: true });
}
