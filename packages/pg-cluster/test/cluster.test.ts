import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { createCluster, findBinaries } from '../src/index.ts';
import { type TestCluster, testCluster } from '../src/testing.ts';

const temporary = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('pg-mute-'));

describe('createCluster', () => {
  it('serves logical replication on loopback and leaves nothing behind', async () => {
    const cluster = await createCluster({ name: 'unit', settings: { work_mem: '7MB' } });
    const { rows } = await cluster.query(
      `SELECT current_setting('wal_level') AS wal, current_setting('listen_addresses') AS host, current_setting('work_mem') AS mem`,
    );
    assert.deepEqual(rows, [{ wal: 'logical', host: '127.0.0.1', mem: '7MB' }]);
    await cluster.stop();
    assert.equal(existsSync(cluster.directory), false);
    await cluster.stop();
  });

  it('keeps its rows and its port through a crash', async () => {
    const cluster = await createCluster({ name: 'crash', durable: true });
    await cluster.query('CREATE TABLE kept AS SELECT 42 AS answer');
    const { port } = cluster;
    await cluster.crash();
    await assert.rejects(cluster.query('SELECT 1'));
    await cluster.start();
    assert.equal(cluster.port, port);
    assert.deepEqual((await cluster.query('SELECT answer FROM kept')).rows, [{ answer: 42 }]);
    await cluster.stop();
  });

  it('is torn down when its owner is killed', async () => {
    const source = `import { createCluster } from ${JSON.stringify(import.meta.resolve('../src/index.ts'))};
      const cluster = await createCluster({ name: 'killed' });
      console.log(JSON.stringify({ directory: cluster.directory }));
      setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await new Promise<[string]>((resolve) =>
      createInterface(owner.stdout).once('line', (text) => resolve([text])),
    );
    const { directory } = JSON.parse(line) as { directory: string };
    assert.equal(existsSync(directory), true);
    owner.kill('SIGKILL');
    for (let i = 0; i < 150 && existsSync(directory); i += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(existsSync(directory), false);
  });

  it("is started in a shell that wants TLS for the caller's own server", async (t) => {
    process.env.PGSSLMODE = 'require';
    t.after(() => delete process.env.PGSSLMODE);
    const cluster = await createCluster({ name: 'plain' });
    assert.deepEqual((await cluster.query('SELECT 1 AS one')).rows, [{ one: 1 }]);
    await cluster.stop();
  });

  it('ends a server that runs and does not answer, and says so', async () => {
    const before = new Set(temporary());
    await assert.rejects(
      createCluster({ name: 'mute', settings: { listen_addresses: '' }, startTimeoutMs: 300 }),
      { code: 'start-failed' },
    );
    assert.deepEqual(
      temporary().filter((name) => !before.has(name)),
      [],
    );
  });

  it('passes over a folder that has no server programs', () => {
    const folder = findBinaries({ ROUNDTRIP_PG_BIN: '/nowhere' });
    assert.ok(existsSync(`${folder}/postgres`));
  });
});

describe('testCluster', () => {
  it('fails a test file that leaves a session open', async () => {
    const cluster = await testCluster();
    const { database } = await cluster.createDatabase();
    const held = cluster.query('SELECT pg_sleep(60)', [], database).catch(() => undefined);
    while ((await sleepers(cluster, database)) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await assert.rejects(cluster.release(), /sessions still open/);
    await held;
  });
});

async function sleepers(cluster: TestCluster, database: string): Promise<number> {
  const { rows } = await cluster.query(
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = $1 AND wait_event = 'PgSleep'`,
    [database],
  );
  return (rows as [{ count: number }])[0].count;
}

describe('with-cluster', () => {
  const command = path.resolve(import.meta.dirname, '../bin/with-cluster.ts');

  it('ends as its command ends, which finds the cluster', () => {
    const code = 'process.exit(process.env.PG_CLUSTER_SHARED ? 7 : 1)';
    assert.equal(
      spawnSync(process.execPath, [command, process.execPath, '-e', code], { timeout: 120_000 }).status,
      7,
    );
  });

  it('says that a command cannot be started', () => {
    const { status, stderr } = spawnSync(process.execPath, [command, 'no-such-program'], {
      encoding: 'utf8',
      timeout: 120_000,
    });
    assert.deepEqual(
      [status, stderr],
      [127, 'with-cluster: no-such-program cannot be started: spawn no-such-program ENOENT\n'],
    );
  });
});
