import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ALARM_WINDOWS, prometheusRules, storyMatrix, type Target, writePrometheusRules } from 'roundtrip';
import { buildStage, type Stage } from '../demo/shop-stage.ts';
import { shopCommands } from '../shop-commands.ts';
import { watchPlan } from '../watch-plan.ts';
import {
  nginxConfiguration,
  OPERATOR_ADDRESS,
  type Place,
  prometheusConfiguration,
  supervisorConfiguration,
} from './configurations.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { openWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts';

const execute = promisify(execFile);

/** The demo's stage with the programs that stand around a shop in production, all of them real. */
export interface ServicesStage extends Stage {
  readonly prometheusUrl: string;
  readonly pager: WebhookReceiver;
  readonly daemons: readonly Daemon[];
  /** The process that supervisor says is running; undefined where it says otherwise. */
  supervisedPid(program: string): Promise<number | undefined>;
}

const SECRET = 'a key that both sides know';
const READY_MS = 60_000;

/**
 * Builds the stage of the demo and puts nginx before it, the shop's processes under supervisor, Prometheus and
 * node-exporter beside it, and somebody who receives alerts. Production serves when it returns.
 *
 * @example const stage = await buildServicesStage({ orders: 3000, speed: 6, say: console.error });
 */
export async function buildServicesStage(options: {
  readonly orders: number;
  readonly speed: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<ServicesStage> {
  const { orders, speed, say, signal } = options;
  const stage = await buildStage({ orders, inPlace: true, say, signal });
  const daemons: Daemon[] = [];
  let pager: WebhookReceiver | undefined;
  const close = async (): Promise<void> => {
    // Supervisor first, and with it the shop: its processes end their requests and leave the database.
    for (const daemon of [...daemons].reverse()) await daemon.stop();
    await pager?.close();
    await stage.close();
  };
  try {
    for (const service of ['worker', 'api']) await stage.shop('service', 'stop', service, '--json');
    pager = await openWebhookReceiver({ secret: SECRET, refuseFirst: 'rollback-begun' });
    const settled = await settle(stage, { speed, alertsUrl: pager.url });
    await startDaemons(settled, { folder: stage.folder, daemons, say });
    const [{ target: production }, { target: staging }] = settled.places;
    const supervisedPid = (program: string) => pidOf(settled.supervisorctl, program);
    say('starting the shop 13.3 under supervisor');
    for (const name of ['api', 'worker'])
      await execute(settled.supervisorctl[0] ?? '', [
        ...settled.supervisorctl.slice(1),
        'start',
        `production:${name}`,
      ]);
    await untilReady(`${production.settings.baseUrl}/api/health/ready/`);
    const { targetsFile, prometheusUrl } = settled;
    return {
      ...stage,
      production,
      staging,
      targetsFile,
      prometheusUrl,
      pager,
      daemons,
      supervisedPid,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Everything that is known before the first program is started. */
interface Settled {
  readonly places: readonly [Place, Place];
  readonly targetsFile: string;
  readonly supervisorctl: readonly string[];
  readonly nginx: readonly string[];
  readonly prometheusUrl: string;
  readonly prometheusPort: number;
}

async function settle(
  stage: Stage,
  told: { readonly speed: number; readonly alertsUrl: string },
): Promise<Settled> {
  const { folder } = stage;
  const doors = path.join(folder, 'nginx/doors');
  for (const place of [doors, 'nginx/tmp', 'supervisor', 'prometheus/data', 'node-exporter'])
    mkdirSync(path.resolve(folder, place), { recursive: true });
  const nginxFolder = path.join(folder, 'nginx');
  const nginx = [
    '/usr/sbin/nginx',
    '-p',
    nginxFolder,
    '-c',
    `${nginxFolder}/nginx.conf`,
    '-e',
    `${nginxFolder}/error.log`,
  ];
  const supervisorctl = ['supervisorctl', '-c', path.join(folder, 'supervisor/supervisord.conf')];
  const prometheusPort = await freePort();
  const prometheusUrl = `http://127.0.0.1:${prometheusPort}`;
  const placed = async (target: Target): Promise<Place> => {
    const doorPort = await freePort();
    const include = path.join(doors, `${target.name}.conf`);
    const accessLog = path.join(nginxFolder, `${target.name}.access.json`);
    const settings = {
      ...target.settings,
      baseUrl: `http://127.0.0.1:${doorPort}`,
      nginxInclude: include,
      nginx: JSON.stringify(nginx),
      operatorAddresses: OPERATOR_ADDRESS,
      supervisorGroup: target.name,
      supervisorctl: JSON.stringify(supervisorctl),
      prometheusUrl,
      prometheusJob: target.name,
      accessLog,
      watchSpeed: String(told.speed),
    };
    return { target: { ...target, settings }, doorPort, include, accessLog };
  };
  const secretFile = path.join(folder, 'pager.key');
  writeFileSync(secretFile, SECRET, { mode: 0o600 });
  const plain = await placed(stage.production);
  const production: Place = {
    ...plain,
    target: {
      ...plain.target,
      alerts: [{ kind: 'webhook', name: 'pager', url: told.alertsUrl, secretFile }],
    },
  };
  const staging = await placed(stage.staging);
  const targetsFile = path.join(folder, 'targets-with-services.json');
  const { name: _production, ...ofProduction } = production.target;
  const { name: _staging, ...ofStaging } = staging.target;
  writeFileSync(targetsFile, JSON.stringify({ production: ofProduction, staging: ofStaging }, null, 2));
  return { places: [production, staging], targetsFile, supervisorctl, nginx, prometheusUrl, prometheusPort };
}

async function startDaemons(
  settled: Settled,
  {
    folder,
    daemons,
    say,
  }: { readonly folder: string; readonly daemons: Daemon[]; readonly say: (line: string) => void },
): Promise<void> {
  const { places, nginx, prometheusUrl, prometheusPort } = settled;
  const at = (name: string): string => path.join(folder, name);
  const start = async (
    name: string,
    argv: readonly string[],
    ready: () => Promise<unknown>,
  ): Promise<void> => {
    say(`starting ${name}`);
    daemons.push(await startDaemon({ name, argv, log: at(`${name}.out`), ready }));
  };
  const nodePort = await freePort();
  const nodeUrl = `http://127.0.0.1:${nodePort}/metrics`;
  await start(
    'node-exporter',
    ['prometheus-node-exporter', `--web.listen-address=127.0.0.1:${nodePort}`],
    () => answers(nodeUrl),
  );
  const [{ target: production }] = places;
  const plan = watchPlan(shopCommands(production), production);
  const rules = at('prometheus/roundtrip.yml');
  await writePrometheusRules({
    file: rules,
    rules: prometheusRules({ plan, matrix: storyMatrix(), windows: ALARM_WINDOWS }),
  });
  writeFileSync(at('prometheus/prometheus.yml'), prometheusConfiguration({ places, nodePort, rules }));
  await start(
    'prometheus',
    [
      'prometheus',
      `--config.file=${at('prometheus/prometheus.yml')}`,
      `--storage.tsdb.path=${at('prometheus/data')}`,
      `--web.listen-address=127.0.0.1:${prometheusPort}`,
    ],
    () => answers(`${prometheusUrl}/-/ready`),
  );
  writeFileSync(at('nginx/nginx.conf'), nginxConfiguration(at('nginx'), places));
  // Whatever it answers: the shop behind it is started later.
  await start('nginx', nginx, () => fetch(production.settings.baseUrl ?? '', { method: 'HEAD' }));
  writeFileSync(at('supervisor/supervisord.conf'), supervisorConfiguration(at('supervisor'), places));
  await start('supervisor', ['supervisord', '-c', at('supervisor/supervisord.conf')], () =>
    execute(settled.supervisorctl[0] ?? '', [...settled.supervisorctl.slice(1), 'pid']),
  );
}

async function answers(url: string): Promise<void> {
  const { ok, status } = await fetch(url);
  if (!ok) throw new Error(`${url} answers ${status}`);
}

async function untilReady(url: string): Promise<void> {
  for (const deadline = Date.now() + READY_MS; ; await sleep(100)) {
    try {
      return await answers(url);
    } catch (cause) {
      if (Date.now() > deadline) throw new Error(`the shop does not serve after ${READY_MS} ms`, { cause });
    }
  }
}

async function pidOf(supervisorctl: readonly string[], program: string): Promise<number | undefined> {
  const [file = '', ...rest] = supervisorctl;
  // It exits 3 where a program is stopped: the words tell.
  const { stdout } = await execute(file, [...rest, 'status', program]).catch(
    (error: { stdout?: string }) => ({
      stdout: error.stdout ?? '',
    }),
  );
  const pid = /RUNNING\s+pid (\d+)/.exec(stdout)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
