import type { Task } from 'graphile-worker';
import type { Logger } from 'pino';
import { runImportJob } from './run-import-job.ts';

/**
 * The job `import_products` that the admin queues.
 *
 * @example
 * const taskList = { import_products: importTask(logger) };
 */
export function importTask(logger: Logger): Task {
  return async (payload) => {
    const { directory, full } = payload as { directory: string; full?: boolean };
    await runImportJob({ directory, full: full === true, logger });
  };
}
