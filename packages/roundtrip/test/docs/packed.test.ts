import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type TestCluster, testCluster } from 'pg-cluster/testing';
import { recordedRun } from '../dashboard/recorded-run.ts';
import { packableCheckout } from './packable-checkout.ts';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const PACKAGES = ['roundtrip', 'commerceml'] as const;
/** A name of the public face of each entry; a new entry of a package must be added here. */
const ENTRIES: Readonly<Record<string, string>> = {
  roundtrip: 'defineRunbook',
  'roundtrip/cli': 'main',
  'roundtrip/postgres': 'fingerprintTables',
  commerceml: 'readExchangeBatches',
  'commerceml/generate': 'generateExchange',
  'commerceml/inspect': 'inspectExchange',
};

const RUNBOOK = `
import { backup, defineRunbook, migrate, readTargets, wayBack } from 'roundtrip';

export default defineRunbook({
  name: 'packed',
  title: 'From a package',
  targets: readTargets(new URL('targets.json', import.meta.url).pathname),
  window: { start: '02:00', end: '04:00', zone: 'UTC' },
  protectedTables: ['order_items'],
  steps: () => [
    backup({ planned: '1min' }),
    wayBack({ planned: '1min' }),
    migrate({ argv: ['true'], planned: '1min' }),
  ],
  matrix: [],
});
`;

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

describe('the packages that npm packs', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'packed-'));
  const workspace = path.join(folder, 'workspace');
  const consumer = path.join(folder, 'consumer');
  // The Node that runs this test, before an older one of the machine.
  const env = {
    ...process.env,
    PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
    NO_COLOR: '1',
  };
  let cluster: TestCluster;

  const run = (command: string, argv: readonly string[], cwd = consumer): SpawnSyncReturns<string> =>
    spawnSync(command, argv, { cwd, env, encoding: 'utf8', timeout: 120_000 });
  const must = (command: string, argv: readonly string[], cwd = consumer): string => {
    const { status, stdout, stderr } = run(command, argv, cwd);
    assert.equal(status, 0, `${command} ${argv.join(' ')}\n${stdout}${stderr}`);
    return stdout;
  };
  const manifestOf = (name: string): Manifest =>
    JSON.parse(readFileSync(path.join(consumer, 'node_modules', name, 'package.json'), 'utf8')) as Manifest;

  before(async () => {
    cluster = await testCluster();
    packableCheckout(workspace, PACKAGES);
    for (const name of PACKAGES)
      must(
        'npm',
        ['pack', '--ignore-scripts=false', '--pack-destination', folder],
        path.join(workspace, 'packages', name),
      );
    cpSync(path.join(import.meta.dirname, 'fixtures/consumer'), consumer, { recursive: true });
    const tarballs = globSync('*.tgz', { cwd: folder }).map((name) => path.join(folder, name));
    must('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs]);
  });

  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await cluster.release();
  });

  it('leave the manifest of the workspace as it was', () => {
    for (const name of PACKAGES)
      assert.equal(
        readFileSync(path.join(workspace, 'packages', name, 'package.json'), 'utf8'),
        readFileSync(path.join(ROOT, 'packages', name, 'package.json'), 'utf8'),
      );
  });

  it('bring compiled files and no sources, tests or builder', () => {
    for (const name of PACKAGES) {
      const files = globSync('**/*', { cwd: path.join(consumer, 'node_modules', name) });
      assert.deepEqual(
        files.filter((file) => /(?<!\.d)\.tsx?$|test\/|build-web/.test(file)),
        [],
      );
      assert.ok(files.includes('README.md') && files.includes('LICENSE'), name);
    }
  });

  it('declare every package that they import, and none that they do not', () => {
    for (const name of PACKAGES) {
      const dist = path.join(consumer, 'node_modules', name, 'dist');
      const imported = new Set<string>();
      for (const file of globSync('**/*.{js,d.ts}', { cwd: dist, exclude: ['src/dashboard/pages/**'] })) {
        const text = readFileSync(path.join(dist, file), 'utf8');
        for (const [, from = ''] of text.matchAll(/^(?:import|export)\b[^;]*?from '([@a-z][\w@/.:-]*)'/gm))
          imported.add(from);
        for (const [, from = ''] of text.matchAll(/\bimport\('([@a-z][\w@/.:-]*)'\)/g)) imported.add(from);
      }
      const used = [...imported]
        .filter((from) => !from.startsWith('node:') && from !== `${name}/package.json`)
        .map((from) => from.split('/', from.startsWith('@') ? 2 : 1).join('/'));
      const declared = Object.keys(manifestOf(name).dependencies);
      assert.deepEqual(
        [...new Set(used)].sort(),
        declared.filter((dependency) => !dependency.startsWith('@types/')).sort(),
        name,
      );
    }
    assert.equal(existsSync(path.join(consumer, 'node_modules/freesport')), false);
    assert.equal(existsSync(path.join(consumer, 'node_modules/vite')), false);
  });

  it('export what they say', () => {
    const exported = PACKAGES.flatMap((name) =>
      Object.keys(manifestOf(name).exports)
        .filter((entry) => !entry.endsWith('.json'))
        .map((entry) => `${name}${entry.slice(1)}`),
    );
    assert.deepEqual(exported.sort(), Object.keys(ENTRIES).sort());
    const script = Object.entries(ENTRIES)
      .map(
        ([entry, name]) => `if (typeof (await import('${entry}')).${name} !== 'function') throw '${entry}';`,
      )
      .join('\n');
    must(process.execPath, ['--input-type=module', '-e', script]);
  });

  it('have types that a strict program without any option of leniency compiles with', () => {
    must(path.join(ROOT, 'node_modules/.bin/tsc'), ['--project', '.']);
  });

  it('run their commands', async () => {
    assert.match(must('npx', ['--no-install', 'roundtrip', '--help']), /^Usage: roundtrip/);
    must('npx', ['--no-install', 'commerceml', 'generate', 'exchange', '--goods', '30']);
    const summary = JSON.parse(
      must('npx', ['--no-install', 'commerceml', 'inspect', 'exchange', '--json']),
    ) as {
      goods: number;
    };
    assert.equal(summary.goods, 30);
  });

  it('plan a runbook in TypeScript and count a blast radius in a real database', async () => {
    const { host, port, user, database, passwordFile } = await cluster.createDatabase();
    await cluster.query(
      `CREATE TABLE products (id int PRIMARY KEY);
       CREATE TABLE order_items (id int PRIMARY KEY, product_id int REFERENCES products ON DELETE CASCADE);
       INSERT INTO products VALUES (1), (2);
       INSERT INTO order_items VALUES (1, 1), (2, 1), (3, 2)`,
      [],
      database,
    );
    const targets = {
      production: {
        environment: 'production',
        database: { host, port, user, database, passwordFile },
        settings: {},
      },
    };
    writeFileSync(path.join(consumer, 'targets.json'), JSON.stringify(targets));
    writeFileSync(path.join(consumer, 'runbook.ts'), RUNBOOK);
    assert.match(must('npx', ['--no-install', 'roundtrip', 'plan', '--target', 'production']), /migrate/);
    const radius = run('npx', [
      '--no-install',
      'roundtrip',
      'blast-radius',
      ...['--target', 'production', '--delete', 'products', '--where', 'id = 1'],
    ]);
    assert.equal(radius.status, 3, radius.stderr);
    assert.match(radius.stdout, /deleted\s+2 rows of (public\.)?order_items/i);
  });

  it('serve the dashboard without its builder', async () => {
    const serving = spawn('node_modules/.bin/roundtrip', ['serve', recordedRun({ kind: 'live' }).folder], {
      cwd: consumer,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [chunk] = (await once(serving.stdout, 'data', { signal: AbortSignal.timeout(20_000) })) as [
        Buffer,
      ];
      const url = chunk.toString().trim();
      const cookie =
        (await fetch(url, { redirect: 'manual' })).headers.get('set-cookie')?.split(';')[0] ?? '';
      const page = await (await fetch(new URL('/', url), { headers: { cookie } })).text();
      const script = /src="([^"]+\.js)"/.exec(page)?.[1] ?? '';
      assert.equal((await fetch(new URL(script, url), { headers: { cookie } })).status, 200, page);
    } finally {
      serving.kill('SIGINT');
      await once(serving, 'close');
    }
  });
});
