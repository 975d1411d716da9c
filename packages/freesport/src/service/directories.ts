import path from 'node:path';

/** Where a running shop keeps its files. */
export interface ShopDirectories {
  /** Pid files, the worker's readiness, the cookie secret. */
  readonly run: string;
  /** One log file a service. */
  readonly log: string;
  readonly secretFile: string;
  /** While this file exists the shop is closed. */
  readonly maintenanceFlag: string;
}

/**
 * The directories from the environment: FREESPORT_RUN_DIR (default `./run`), FREESPORT_LOG_DIR (default `<run>/log`),
 * FREESPORT_SECRET_FILE (default `<run>/secret`), FREESPORT_MAINTENANCE_FLAG (default `<run>/maintenance`).
 *
 * @example
 * shopDirectories({ FREESPORT_RUN_DIR: '/run/freesport' }).log; // '/run/freesport/log'
 */
export function shopDirectories(environment: NodeJS.ProcessEnv = process.env): ShopDirectories {
  const run = path.resolve(environment.FREESPORT_RUN_DIR ?? 'run');
  return {
    run,
    log: path.resolve(environment.FREESPORT_LOG_DIR ?? path.join(run, 'log')),
    secretFile: path.resolve(environment.FREESPORT_SECRET_FILE ?? path.join(run, 'secret')),
    maintenanceFlag: path.resolve(environment.FREESPORT_MAINTENANCE_FLAG ?? path.join(run, 'maintenance')),
  };
}
