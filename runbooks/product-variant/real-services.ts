import type { CommandService, NginxDoor, Service, Target, WatchPlan } from 'roundtrip';

type WatchSource = WatchPlan['sources'][number];

/** Paths that a balancer asks while the shop is closed. */
const HEALTH_PATHS = ['/api/health/'];

/** What stands around the shop on a target, as far as its settings name it. Plain data. */
export interface RealServices {
  /** Who turns customers away: nginx where the target names its include file, else the shop by its flag file. */
  readonly closedBy: { readonly nginx: NginxDoor } | { readonly flagFile: string };
  /** The API and the workers as their manager knows them. */
  readonly services: readonly Service[];
  /** Sources of the watch besides our own probes. */
  readonly sources: readonly WatchSource[];
}

/**
 * Reads a target's settings. By example, each of them optional and commands as JSON:
 *
 * ```
 * "nginxInclude": "/etc/nginx/roundtrip/shop.conf"   "nginx": "[\"nginx\"]"   "operatorAddresses": "10.0.0.0/8 192.0.2.7"
 * "supervisorGroup": "freesport"   "supervisorctl": "[\"supervisorctl\"]"
 * "prometheusUrl": "http://127.0.0.1:9090"   "prometheusJob": "freesport"   "accessLog": "/var/log/nginx/shop.json"
 * ```
 *
 * The access log is nginx's, one JSON object a line with `status`, `request_time` in seconds and `user_agent`.
 *
 * @example realServices(target, { api, worker }).services // [{ kind: 'supervisor', program: 'freesport:api', … }, …]
 */
export function realServices(
  { settings }: Target,
  shop: { readonly api: CommandService; readonly worker: CommandService },
): RealServices {
  return {
    closedBy: closedBy(settings),
    services: supervised(settings) ?? [shop.api, shop.worker],
    sources: [...prometheus(settings), ...accessLog(settings)],
  };
}

function closedBy(settings: Target['settings']): RealServices['closedBy'] {
  const { nginxInclude, operatorAddresses = '', maintenanceFlag = '' } = settings;
  if (nginxInclude === undefined) return { flagFile: maintenanceFlag };
  const nginx = command(settings, 'nginx', ['nginx']);
  return {
    nginx: {
      includeFile: nginxInclude,
      check: [...nginx, '-T'],
      reload: [...nginx, '-s', 'reload'],
      healthPaths: HEALTH_PATHS,
      operatorAddresses: operatorAddresses.split(/\s+/).filter((address) => address !== ''),
    },
  };
}

function supervised(settings: Target['settings']): readonly Service[] | undefined {
  const { supervisorGroup, port } = settings;
  if (supervisorGroup === undefined) return undefined;
  const supervisorctl = command(settings, 'supervisorctl', ['supervisorctl']);
  const program = (name: string) =>
    ({ kind: 'supervisor', program: `${supervisorGroup}:${name}`, supervisorctl }) as const;
  // Past nginx: whether this process sells, and not whether the door is open.
  return [{ ...program('api'), readyUrl: `http://127.0.0.1:${port}/api/health/ready/` }, program('worker')];
}

function prometheus({ prometheusUrl, prometheusJob = 'freesport' }: Target['settings']): WatchSource[] {
  if (prometheusUrl === undefined) return [];
  const series = (name: string): string => `http_request_duration_seconds_${name}{job="${prometheusJob}"}`;
  return [
    {
      kind: 'prometheus',
      name: 'prometheus',
      url: prometheusUrl,
      requests: series('count'),
      errorsWhere: { label: 'status', matches: '5..' },
      buckets: series('bucket'),
    },
  ];
}

function accessLog({ accessLog: file }: Target['settings']): WatchSource[] {
  if (file === undefined) return [];
  const format = {
    status: 'status',
    duration: 'request_time',
    durationUnit: 's',
    userAgent: 'user_agent',
  } as const;
  return [{ kind: 'access-log', name: 'access log', file, format }];
}

function command(settings: Target['settings'], name: string, usual: readonly string[]): readonly string[] {
  const written = settings[name];
  if (written === undefined) return usual;
  const argv: unknown = JSON.parse(written);
  if (Array.isArray(argv) && argv.length > 0 && argv.every((part) => typeof part === 'string')) return argv;
  throw new Error(`the setting ${name} is ${written}; a command is a JSON array: ["${usual.join('", "')}"]`);
}
