/** The import from 1C. What is not exported here is private to it. */

export { OnecImportError, type OnecImportErrorCode } from './errors.ts';
export { type ExchangeTaskOptions, onecExchangeTasks } from './exchange/exchange-tasks.ts';
export { type OnecExchangeOptions, onecExchangePlugin } from './exchange/onec-exchange-plugin.ts';
export {
  type ImportOptions,
  type ImportReport,
  importExchange,
} from './import-exchange.ts';
export { IMPORT_MODES, type ImportMode } from './import-mode.ts';
export type { ImportProgress } from './import-progress.ts';
export { importTask } from './import-task.ts';
