import path from 'node:path';
import type { CommandService, Target } from 'roundtrip';

/** Settings that a target of this runbook must have, beside its database and releases. */
const REQUIRED = [
  'node',
  'baseUrl',
  'port',
  'runDirectory',
  'logDirectory',
  'maintenanceFlag',
  'exchange',
  'commerceml',
] as const;

/** How the shop is commanded on one target: everything the runbook's steps need, as plain data. */
export interface ShopCommands {
  readonly baseUrl: string;
  readonly maintenanceFlag: string;
  readonly exchange: string;
  /** argv of a management command of the release that is current when the step runs. */
  command(...argv: readonly string[]): string[];
  /** argv that prints what the 1C exchange holds: counted by the reader, independent of the import. */
  inspectExchange(): string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly api: CommandService;
  readonly worker: CommandService;
}

/**
 * The shop's commands on a target.
 *
 * @throws Error naming every setting that the target lacks.
 */
export function shopCommands(target: Target): ShopCommands {
  const missing = REQUIRED.filter((name) => target.settings[name] === undefined);
  if (missing.length > 0 || target.releases === undefined) {
    throw new Error(
      `target "${target.name}" lacks ${[...missing, ...(target.releases === undefined ? ['releases'] : [])].join(', ')}`,
    );
  }
  const setting = (name: (typeof REQUIRED)[number]): string => target.settings[name] ?? '';
  const bin = path.join(target.releases.directory, 'current/packages/freesport/bin/freesport.ts');
  const command = (...argv: readonly string[]): string[] => [setting('node'), bin, ...argv];
  const { host, port, user, database, passwordFile } = target.database;
  const environment = {
    FREESPORT_PORT: setting('port'),
    FREESPORT_RUN_DIR: setting('runDirectory'),
    FREESPORT_LOG_DIR: setting('logDirectory'),
    FREESPORT_MAINTENANCE_FLAG: setting('maintenanceFlag'),
  };
  const connection = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    ...(passwordFile === undefined ? {} : { PGPASSFILE: passwordFile }),
  };
  const service = (name: 'api' | 'worker'): CommandService => ({
    name,
    start: command('service', 'start', name),
    stop: command('service', 'stop', name),
    status: command('service', 'status', name),
    env: { ...environment, ...connection },
  });
  return {
    baseUrl: setting('baseUrl'),
    maintenanceFlag: setting('maintenanceFlag'),
    exchange: setting('exchange'),
    command,
    inspectExchange: () => [setting('node'), setting('commerceml'), 'inspect', setting('exchange'), '--json'],
    environment,
    api: service('api'),
    worker: service('worker'),
  };
}
