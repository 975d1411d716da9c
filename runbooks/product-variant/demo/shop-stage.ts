import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { activateRelease, exportRelease, resolveRelease, type Target } from 'roundtrip';
import { shopCommands } from '../shop-commands.ts';
import { exchangeFolder, unlessUnreadable } from './exchange-folder.ts';
import { type Doorway, type FrontDoor, openFrontDoor } from './front-door.ts';

const execute = promisify(execFile);
const WORKSPACE = path.resolve(import.meta.dirname, '../../..');

export interface StageOptions {
  readonly orders: number;
  /** A folder with a 1C exchange; a generated one by default. */
  readonly exchange?: string | undefined;
  /** Without a front door and a second port for the next release: the shop is closed while it is migrated. */
  readonly inPlace: boolean;
  readonly say: (line: string) => void;
  /** Aborted by whoever does not want the stage any more: what was built of it is taken down. */
  readonly signal: AbortSignal;
}

/** A production and a staging environment on this machine, with the shop 13.3 serving on production. */
export interface Stage {
  readonly folder: string;
  readonly targetsFile: string;
  readonly production: Target;
  readonly staging: Target;
  readonly productionCluster: PrivateCluster;
  /** Runs a management command of production's current release; returns its last line of JSON. */
  shop(...argv: readonly string[]): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

const USERS_PER_ORDER = 1 / 10;

/** Builds the stage: two private clusters, a repository with both releases, a seeded shop, a 1C exchange. */
export async function buildStage(options: StageOptions): Promise<Stage> {
  const { say, signal } = options;
  const folder = mkdtempSync(path.join(tmpdir(), 'roundtrip-demo-'));
  const clusters: PrivateCluster[] = [];
  const targets: Target[] = [];
  let door: FrontDoor | undefined;
  const close = async (): Promise<void> => {
    // Whatever still runs of the shop ends before its database does.
    await Promise.all(targets.map(stopShop));
    await door?.close();
    await Promise.all(clusters.map((cluster) => cluster.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    say('starting two private PostgreSQL clusters: production and staging');
    for (const name of ['production', 'staging']) {
      clusters.push(await createCluster({ name }));
      signal.throwIfAborted();
    }
    const [productionCluster, stagingCluster] = clusters;
    if (productionCluster === undefined || stagingCluster === undefined)
      throw new Error('a cluster is missing');
    const exchange = await exchangeFolder(path.join(folder, 'exchange'), options);
    const repository = path.join(folder, 'freesport.git');
    await workspaceShop(['release-build', '--out', repository], signal);
    const production = await targetOf({
      name: 'production',
      cluster: productionCluster,
      folder,
      repository,
      exchange,
      inPlace: options.inPlace,
    });
    const staging = await targetOf({
      name: 'staging',
      cluster: stagingCluster,
      folder,
      repository,
      exchange,
      inPlace: options.inPlace,
    });
    targets.push(production, staging);
    if (!options.inPlace) {
      say('opening the front door: nginx before both releases');
      door = await openFrontDoor(folder, targets.map(doorwayOf));
    }
    const targetsFile = path.join(folder, 'targets.json');
    writeFileSync(
      targetsFile,
      JSON.stringify({ production: withoutName(production), staging: withoutName(staging) }, null, 2),
    );
    const shop = await openShop({
      ...options,
      production,
      cluster: productionCluster,
      given: options.exchange,
      exchange,
    });
    return { folder, targetsFile, production, staging, productionCluster, shop, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function doorwayOf({ settings: { baseUrl = '', port, nextPort } }: Target): Doorway {
  return { port: Number(new URL(baseUrl).port), current: Number(port), next: Number(nextPort) };
}

async function targetOf(parts: {
  readonly name: 'production' | 'staging';
  readonly cluster: PrivateCluster;
  readonly folder: string;
  readonly repository: string;
  readonly exchange: string;
  readonly inPlace: boolean;
}): Promise<Target> {
  const { name, cluster, folder, repository, exchange, inPlace } = parts;
  const root = path.join(folder, name);
  for (const part of ['releases', 'run', 'log']) mkdirSync(path.join(root, part), { recursive: true });
  const { rows } = await cluster.query('SELECT system_identifier::text AS id FROM pg_control_system()');
  const port = String(await freePort());
  const nextPort = String(await freePort());
  const doorPort = inPlace ? port : String(await freePort());
  return {
    name,
    environment: name,
    ...(name === 'production' ? { staging: 'staging' } : {}),
    systemIdentifier: String(rows[0].id),
    database: cluster.address(name === 'production' ? 'freesport_prod' : 'freesport_staging'),
    releases: {
      repository,
      directory: path.join(root, 'releases'),
      prepare: [['ln', '-sfn', path.join(WORKSPACE, 'node_modules'), 'node_modules']],
    },
    settings: {
      node: process.execPath,
      commerceml: path.join(WORKSPACE, 'packages/commerceml/bin/commerceml.ts'),
      baseUrl: `http://127.0.0.1:${doorPort}`,
      port,
      ...(inPlace ? {} : { nextPort }),
      runDirectory: path.join(root, 'run'),
      logDirectory: path.join(root, 'log'),
      maintenanceFlag: path.join(root, 'run/maintenance'),
      exchange,
      watch: 'demo',
    },
  };
}

async function openShop(
  parts: StageOptions & {
    readonly production: Target;
    readonly cluster: PrivateCluster;
    /** As it was named on the command line. */
    readonly given: string | undefined;
    readonly exchange: string;
  },
): Promise<Stage['shop']> {
  const { production, cluster, given, exchange, orders, say, signal } = parts;
  const { releases } = production;
  if (releases === undefined) throw new Error('production has no releases');
  const { commit } = await resolveRelease({ repository: releases.repository, tag: 'v13.3' });
  const release = await exportRelease({
    ...releases,
    releasesDirectory: releases.directory,
    tag: 'v13.3',
    commit,
    timeoutMs: 60_000,
  });
  await activateRelease({ releasesDirectory: releases.directory, release: release.path });
  const shop = (...argv: readonly string[]): Promise<Record<string, unknown>> =>
    shopCommand(production, argv, signal);
  await cluster.query('CREATE DATABASE freesport_prod');
  await shop('migrate', '--json');
  say(`seeding the legacy shop: ${orders} orders, every offer of 1C a product`);
  const users = String(Math.ceil(orders * USERS_PER_ORDER));
  const sizes = ['--users', users, '--orders', String(orders), '--carts', '500'];
  await unlessUnreadable({ given, copy: exchange }, () =>
    shop('seed', ...sizes, '--exchange', exchange, '--json'),
  );
  for (const service of ['api', 'worker']) await shop('service', 'start', service, '--json');
  return shop;
}

async function shopCommand(
  target: Target,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const commands = shopCommands(target);
  const [program = '', ...rest] = commands.command(...argv);
  const { stdout } = await execute(program, rest, {
    env: { ...process.env, ...commands.api.env },
    maxBuffer: 64 << 20,
    signal,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Record<string, unknown>;
}

/** All at once: whoever pressed Ctrl-C waits for it. */
async function stopShop(target: Target): Promise<void> {
  const commands = shopCommands(target);
  const slots = [commands.beside, commands].filter((slot) => slot !== undefined);
  const services = slots.flatMap(({ api, worker }) => [worker, api]);
  await Promise.all(
    services.map(async ({ stop: [program = '', ...rest], env }) => {
      // Not deployed or not running is what we want; anything that really stays is ended with its folder's pid file.
      await execute(program, rest, { env: { ...process.env, ...env } }).catch(() => undefined);
    }),
  );
}

async function workspaceShop(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const freesport = path.join(WORKSPACE, 'packages/freesport/bin/freesport.ts');
  await execute(process.execPath, [freesport, ...argv], { signal });
}

function withoutName({ name: _name, ...rest }: Target): Omit<Target, 'name'> {
  return rest;
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
