import path from 'node:path';
import type { CommandService, Target } from 'roundtrip';
import { type RealServices, realServices } from './real-services.ts';

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
  /** What stands around the shop, by the target's settings: its front door, its process manager, its metrics. */
  readonly around: RealServices;
  /** The release that is put beside the one that serves, on a port of its own; undefined where the target has no `nextPort`. */
  readonly beside: ShopBeside | undefined;
}

/** How the release that runs beside is commanded; see `ShopCommands`. */
export type ShopBeside = Pick<ShopCommands, 'command' | 'environment' | 'api' | 'worker'>;

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
  const { releases } = target;
  const { nextPort } = target.settings;
  const run = setting('runDirectory');
  const slot = {
    node: setting('node'),
    secret: path.join(run, 'secret'),
    maintenanceFlag: setting('maintenanceFlag'),
  };
  const current = slotCommands(target, {
    ...slot,
    release: path.join(releases.directory, 'current'),
    port: setting('port'),
    run,
    log: setting('logDirectory'),
  });
  const beside =
    nextPort === undefined
      ? undefined
      : slotCommands(target, {
          ...slot,
          release: path.join(releases.directory, 'next'),
          port: nextPort,
          run: path.join(run, 'next'),
          log: path.join(setting('logDirectory'), 'next'),
        });
  return {
    baseUrl: setting('baseUrl'),
    maintenanceFlag: setting('maintenanceFlag'),
    exchange: setting('exchange'),
    inspectExchange: () => [setting('node'), setting('commerceml'), 'inspect', setting('exchange'), '--json'],
    ...current,
    around: realServices(target, current),
    beside,
  };
}

/** A place where one release runs: its link, its port and its files. */
interface Slot {
  readonly node: string;
  readonly release: string;
  readonly port: string;
  readonly run: string;
  readonly log: string;
  readonly secret: string;
  readonly maintenanceFlag: string;
}

function slotCommands(target: Target, slot: Slot): ShopBeside {
  const bin = path.join(slot.release, 'packages/freesport/bin/freesport.ts');
  const command = (...argv: readonly string[]): string[] => [slot.node, bin, ...argv];
  const { host, port, user, database, passwordFile } = target.database;
  const environment = {
    FREESPORT_PORT: slot.port,
    FREESPORT_RUN_DIR: slot.run,
    FREESPORT_LOG_DIR: slot.log,
    // One for all slots: who is logged in stays so across the switch.
    FREESPORT_SECRET_FILE: slot.secret,
    FREESPORT_MAINTENANCE_FLAG: slot.maintenanceFlag,
  };
  const connection = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    ...(passwordFile === undefined ? {} : { PGPASSFILE: passwordFile }),
  };
  const service = (name: 'api' | 'worker'): CommandService => ({
    name: slot.release.endsWith('next') ? `${name} of the next release` : name,
    start: command('service', 'start', name),
    stop: command('service', 'stop', name),
    status: command('service', 'status', name),
    env: { ...environment, ...connection },
  });
  return { command, environment, api: service('api'), worker: service('worker') };
}
