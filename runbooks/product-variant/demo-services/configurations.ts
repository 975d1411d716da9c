import path from 'node:path';
import type { Target } from 'roundtrip';
import { shopCommands } from '../shop-commands.ts';

/** Where the programs of one target listen and which files they share. */
export interface Place {
  readonly target: Target;
  /** Customers come in here. */
  readonly doorPort: number;
  /** The file that nginx includes before everything else of this shop's server block. */
  readonly include: string;
  readonly accessLog: string;
}

/** Only this address is let through while the shop is closed. */
export const OPERATOR_ADDRESS = '127.0.0.9';

/**
 * nginx before the API of each place; the access log is one JSON object a line.
 *
 * @example nginxConfiguration('/tmp/x/nginx', [production, staging])
 */
export function nginxConfiguration(folder: string, places: readonly Place[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/tmp/${kind};`,
  );
  // The folder is ours alone, so nginx's workers are us.
  const user = process.getuid?.() === 0 ? 'user root; ' : '';
  return `${user}daemon off; worker_processes 2; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 512; }
http {
  ${temporary.join(' ')}
  log_format shop escape=json '{"time":"$time_iso8601","method":"$request_method","uri":"$request_uri",'
    '"status":$status,"request_time":$request_time,"user_agent":"$http_user_agent"}';
${places.map(serverOf).join('\n')}
}
`;
}

function serverOf({ target, doorPort, include, accessLog }: Place): string {
  const upstream = `shop_${target.name}`;
  // The wildcard lets the file be absent while the shop is open.
  return `  upstream ${upstream} { server 127.0.0.1:${target.settings.port}; keepalive 16; }
  server {
    listen 127.0.0.1:${doorPort};
    include ${include.replace(/\.conf$/, '*.conf')};
    access_log ${accessLog} shop;
    location / {
      proxy_pass http://${upstream}; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
    }
  }`;
}

/**
 * supervisord with a group for each place: its API and its worker. What runs is the release that `current` points at
 * when they are started.
 *
 * @example supervisorConfiguration('/tmp/x/supervisor', [production, staging])
 */
export function supervisorConfiguration(folder: string, places: readonly Place[]): string {
  const user = process.getuid?.() === 0 ? '\nuser=root' : '';
  return `[unix_http_server]
file=${folder}/control.sock
[supervisord]
nodaemon=true${user}
logfile=${folder}/supervisord.log
childlogdir=${folder}
pidfile=${folder}/supervisord.pid
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${folder}/control.sock
${places.map(({ target }) => groupOf(target)).join('')}`;
}

function groupOf(target: Target): string {
  const { api, command } = shopCommands(target);
  const { name, settings } = target;
  const environment = Object.entries({ ...api.env, PATH: process.env.PATH ?? '' })
    .map(([variable, value]) => `${variable}="${value.replaceAll('%', '%%')}"`)
    .join(',');
  const program = (kind: 'api' | 'worker', verb: string): string => `[program:${name}-${kind}]
command=${command(verb).map(quoted).join(' ')}
process_name=${kind}
directory=${settings.runDirectory}
environment=${environment}
autostart=false
startsecs=1
stopwaitsecs=20
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile=${path.join(settings.logDirectory ?? '', `${kind}.log`)}
`;
  return `[group:${name}]
programs=${name}-api,${name}-worker
${program('api', 'serve')}${program('worker', 'worker')}`;
}

/** As supervisor splits a command line (Python's shlex), after it has filled in its own `%(…)s`. */
function quoted(argument: string): string {
  return `"${argument.replace(/["\\]/g, '\\$&').replaceAll('%', '%%')}"`;
}

/** Real time between two scrapes of the shop: a burst that is decided in a second must be seen in several. */
const SHOP_SCRAPE = '200ms';

/**
 * Prometheus with a job for each place's API and one for node-exporter, and the rules that Roundtrip wrote.
 *
 * @example prometheusConfiguration({ places, nodePort: 9100, rules: 'roundtrip.yml' })
 */
export function prometheusConfiguration(options: {
  readonly places: readonly Place[];
  readonly nodePort: number;
  readonly rules: string;
}): string {
  const job = (name: string, port: string | number, interval: string): string =>
    `  - { job_name: ${name}, scrape_interval: ${interval}, scrape_timeout: ${interval}, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }`;
  return `global: { evaluation_interval: 200ms }
rule_files: ['${options.rules}']
scrape_configs:
${options.places.map(({ target }) => job(target.name, target.settings.port ?? '', SHOP_SCRAPE)).join('\n')}
${job('node', options.nodePort, '5s')}
`;
}
