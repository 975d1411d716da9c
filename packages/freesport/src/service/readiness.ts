import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ServiceName } from './pid-file.ts';

/** Where a service without a port says that it is up: a file with its pid. */
export function readinessFile(runDirectory: string, service: ServiceName): string {
  return path.join(runDirectory, `${service}.ready`);
}

/**
 * Says that this process is up.
 *
 * @example
 * const withdraw = announceReadiness('/run/freesport', 'worker');
 */
export function announceReadiness(runDirectory: string, service: ServiceName): () => void {
  const file = readinessFile(runDirectory, service);
  mkdirSync(runDirectory, { recursive: true });
  writeFileSync(file, `${process.pid}\n`);
  return () => rmSync(file, { force: true });
}
