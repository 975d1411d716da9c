import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AlertChannel } from '../alerts/alert-channel.ts';
import { Refused } from '../errors.ts';
import type { DatabaseAddress } from '../postgres/connection.ts';

const PORT_MAX = 65_535;

/** A named environment. Holds no secret: passwords stay in files in libpq's pgpass format. */
export interface Target {
  readonly name: string;
  readonly environment: 'production' | 'staging';
  readonly database: DatabaseAddress;
  /** A database to work from while the target's own is closed or renamed. Default "postgres". */
  readonly maintenanceDatabase?: string | undefined;
  /** `pg_control_system().system_identifier` of the right cluster: a wrong host is refused by it. */
  readonly systemIdentifier?: string | undefined;
  /** Name of the staging target on which this one is rehearsed. */
  readonly staging?: string | undefined;
  readonly releases?:
    | {
        readonly repository: string;
        readonly directory: string;
        /** Commands run in a freshly exported release, for example to install its dependencies. */
        readonly prepare?: readonly (readonly string[])[] | undefined;
      }
    | undefined;
  /** Where people are told about gates, failures, rollbacks and the watch. Secrets stay in files. */
  readonly alerts?: readonly AlertChannel[] | undefined;
  /** Anything the runbook needs besides: base URLs, folders, commands. */
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * Reads targets from a JSON file `{ "<name>": Target without name }`; relative paths in `database.passwordFile` and in the
 * secret files of `alerts` are taken from the file's folder. Environments differ in this file, never in the runbook.
 *
 * @throws Refused `targets-unreadable` when the file is missing or not such an object; every fault of it is named.
 * @example defineRunbook({ targets: readTargets('./targets.json'), ... })
 */
export function readTargets(file: string): Readonly<Record<string, Target>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw unreadable(file, [(cause as Error).message], cause);
  }
  if (!isObject(parsed)) throw unreadable(file, ['it holds no JSON object']);
  const problems = Object.entries(parsed).flatMap(([name, target]) =>
    problemsOf(target).map((problem) => `target "${name}": ${problem}`),
  );
  if (problems.length > 0) throw unreadable(file, problems);
  const folder = path.dirname(path.resolve(file));
  return Object.fromEntries(
    Object.entries(parsed as Record<string, WrittenTarget>).map(([name, target]) => [
      name,
      {
        ...target,
        name,
        settings: target.settings ?? {},
        database: located(target.database, folder),
        ...(target.alerts === undefined
          ? {}
          : { alerts: target.alerts.map((channel) => locatedChannel(channel, folder)) }),
      },
    ]),
  );
}

type WrittenTarget = Omit<Target, 'name' | 'settings'> & Partial<Pick<Target, 'settings'>>;

/**
 * What makes it no target. The environment is looked at above all: "prod" would be neither, and what is asked of a production target
 * alone would not be asked of it.
 */
function problemsOf(target: unknown): string[] {
  if (!isObject(target)) return ['it is no object'];
  const { environment, database, settings = {}, alerts = [] } = target;
  const problems: string[] = [];
  if (environment !== 'production' && environment !== 'staging')
    problems.push(`environment is ${shown(environment)}, and not "production" or "staging"`);
  if (!isObject(database)) problems.push('it has no database { host, port, user, database }');
  else {
    for (const part of ['host', 'user', 'database'])
      if (typeof database[part] !== 'string' || database[part] === '')
        problems.push(`database.${part} is ${shown(database[part])}, and no text`);
    const { port } = database;
    if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > PORT_MAX)
      problems.push(`database.port is ${shown(port)}, and no number from 1 to ${PORT_MAX} without quotes`);
  }
  const others = isObject(settings)
    ? Object.entries(settings).filter(([, value]) => typeof value !== 'string')
    : [];
  if (!isObject(settings)) problems.push('settings is no object');
  for (const [name, value] of others) problems.push(`settings.${name} is ${shown(value)}, and no text`);
  if (!Array.isArray(alerts)) problems.push('alerts is no list');
  return problems;
}

/** Never a whole object: nobody knows what was pasted into it. */
function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'a list';
  return isObject(value) ? 'an object' : JSON.stringify(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(file: string, problems: readonly string[], cause?: unknown): Refused {
  return new Refused({
    code: 'targets-unreadable',
    seen: `${path.resolve(file)}: ${problems.join('; ')}`,
    expected: 'a JSON object with one member a target',
    next: 'write it (see `roundtrip init`) or name another with ROUNDTRIP_TARGETS',
    cause,
  });
}

function locatedChannel(channel: AlertChannel, folder: string): AlertChannel {
  const at = (file: string | undefined) => (file === undefined ? undefined : path.resolve(folder, file));
  switch (channel.kind) {
    case 'slack':
      return { ...channel, urlFile: at(channel.urlFile) ?? '' };
    case 'webhook':
      return { ...channel, urlFile: at(channel.urlFile), secretFile: at(channel.secretFile) };
    case 'email':
      return { ...channel, passwordFile: at(channel.passwordFile) };
    default:
      // Written by hand and of no kind that there is: the preflight says so.
      return channel;
  }
}

function located(database: DatabaseAddress, folder: string): DatabaseAddress {
  if (database.passwordFile === undefined) return database;
  return { ...database, passwordFile: path.resolve(folder, database.passwordFile) };
}
