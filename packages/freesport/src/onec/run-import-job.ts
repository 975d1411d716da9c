import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Logger } from 'pino';
import { ShopError } from '../errors.ts';
import { releaseRoot } from '../release.ts';

const STDERR_TAIL_CHARACTERS = 4_000;
/** Before the queue takes the job for abandoned (four hours) and gives it to another worker. A million offers take a minute. */
const IMPORT_MS_MAX = 3 * 3_600_000;

/**
 * Runs an import as a child process of its own, so that its memory and its faults are not the worker's.
 *
 * @throws ShopError `failed` with the end of its output; the queue then tries again.
 * @example
 * await runImportJob({ directory: '/var/1c/exchange', full: true, logger });
 */
export async function runImportJob(job: {
  readonly directory: string;
  readonly full: boolean;
  readonly logger: Pick<Logger, 'info'>;
}): Promise<void> {
  const argv = ['import-products-from-1c', ...(job.full ? ['--full'] : []), '--', job.directory];
  const child = spawn(process.execPath, [path.join(releaseRoot, 'bin', 'freesport.ts'), ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: IMPORT_MS_MAX,
    // Killed at any point it changes nothing; on SIGTERM one that hangs in a statement would not end.
    killSignal: 'SIGKILL',
  });
  let tail = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-STDERR_TAIL_CHARACTERS);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0) {
    throw new ShopError(
      'failed',
      `the import of ${job.directory} ended with ${code ?? signal}: ${tail.trim()}`,
    );
  }
  job.logger.info({ directory: job.directory, full: job.full }, 'imported');
}
