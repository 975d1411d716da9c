import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { TaskList } from 'graphile-worker';
import type { Logger } from 'pino';
import type { Queryable } from '../../database/database.ts';
import { OnecImportError } from '../errors.ts';
import { type ImportOptions, importExchange } from '../import-exchange.ts';
import { ExchangeStore, IMPORT_TASK, WHOLE_CATALOGUE } from './exchange-store.ts';
import { publishArchivedPictures } from './publish-archived-pictures.ts';

export interface ExchangeTaskOptions {
  readonly database: Queryable;
  /** Folder that the plugin receives into. */
  readonly folder: string;
  /** Pictures of archives go here, where the shop serves `base_images` from; nowhere where it is not given. */
  readonly mediaFolder?: string | undefined;
  readonly logger?: Pick<Logger, 'info' | 'warn'> | undefined;
  readonly connection?: ImportOptions['connection'];
}

/**
 * The queue's side of the HTTP exchange, to be spread into the worker's tasks. An import that finds another one running
 * is tried again by the queue; any other failure is the answer that 1C gets.
 *
 * @example
 * run({ taskList: { ...tasks, ...onecExchangeTasks({ database, folder: '/var/lib/freesport/1c' }) } });
 */
export function onecExchangeTasks(options: ExchangeTaskOptions): TaskList {
  const store = new ExchangeStore(options.database);
  return {
    [IMPORT_TASK]: async (payload) => {
      const { exchange, filename } = payload as { exchange: number; filename: string };
      await store.save(exchange, filename, { status: 'running', message: 'importing' });
      const folder = path.join(options.folder, String(exchange));
      try {
        const { mediaFolder } = options;
        if (mediaFolder !== undefined)
          await publishArchivedPictures(archivesIn(folder), { folder, mediaFolder });
        const { session, report } = await importExchange({
          source: importSource(folder, filename),
          mode: filename === WHOLE_CATALOGUE ? 'full' : 'changes',
          connection: options.connection,
        });
        await store.save(exchange, filename, { status: 'done', message: report, session });
        options.logger?.info({ exchange, filename, session }, 'exchange imported');
      } catch (error) {
        const busy = error instanceof OnecImportError && error.reason === 'import-running';
        const message = error instanceof Error ? error.message : String(error);
        const session = error instanceof OnecImportError ? error.details.session : undefined;
        await store.save(exchange, filename, {
          status: busy ? 'pending' : 'failed',
          message,
          session: typeof session === 'number' && !busy ? session : undefined,
        });
        options.logger?.warn({ err: error, exchange, filename }, 'exchange not imported');
        if (busy) throw error;
      }
    },
  };
}

/** The file that 1C names; where it lies in archives, the archives; for the whole catalogue, everything received. */
export function importSource(folder: string, filename: string): ImportOptions['source'] {
  if (filename === WHOLE_CATALOGUE) return folder;
  const file = path.join(folder, filename);
  if (existsSync(file)) return { files: [file] };
  return { files: archivesIn(folder) };
}

/** Archives that were received into the folder of an exchange. */
export function archivesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.zip$/i.test(name))
    .sort()
    .map((name) => path.join(folder, name));
}
