import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { testCluster } from 'pg-cluster/testing';

const SCRIPTS = path.resolve(import.meta.dirname, '../../../../scripts');
const script = (name: string, argv: readonly string[], env: Record<string, string> = {}) =>
  spawnSync(path.join(SCRIPTS, name), argv, { encoding: 'utf8', env: { ...process.env, ...env } });

it('backup_production_db.sh makes a backup that was restored', async (context) => {
  const cluster = await testCluster();
  const folder = mkdtempSync(path.join(tmpdir(), 'scripts-'));
  context.after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await cluster.release();
  });
  const { host, port, user, database, passwordFile } = await cluster.createDatabase();
  await cluster.query('CREATE TABLE orders AS SELECT 1 AS id', [], database);
  const url = `postgres://${user}@${encodeURIComponent(host)}:${port}/${database}`;
  const made = script('backup_production_db.sh', [url, path.join(folder, 'backup')], {
    PGPASSFILE: passwordFile,
  });
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /: T3, 1 tables/);
});

it('rollback_production.sh refuses where nothing was run', (context) => {
  const state = mkdtempSync(path.join(tmpdir(), 'scripts-'));
  context.after(() => rmSync(state, { recursive: true, force: true }));
  const refused = script('rollback_production.sh', [
    'production',
    '--confirm',
    'production',
    '--state',
    state,
  ]);
  assert.equal(refused.status, 3, refused.stderr);
  assert.match(refused.stderr, /no-run|no {1,2}run/);
});

it('both say what they take when they are given nothing', () => {
  for (const name of ['backup_production_db.sh', 'rollback_production.sh'])
    assert.equal(script(name, []).status, 2);
});

it('bench says what there is to measure, and refuses what there is not', () => {
  const bench = (...argv: readonly string[]) =>
    spawnSync(process.execPath, [path.resolve(SCRIPTS, '../bench/bench.ts'), ...argv], { encoding: 'utf8' });
  const listed = bench();
  assert.equal(listed.status, 0);
  for (const name of ['api', 'backup', 'fingerprint', 'import', 'parser', 'switch', 'watch'])
    assert.match(listed.stderr, new RegExp(`^${name} +\\S.*size: `, 'm'));
  const unknown = bench('parsre');
  assert.deepEqual(
    [unknown.status, unknown.stderr],
    [2, `there is no benchmark "parsre"; there are\n${listed.stderr}`],
  );
  assert.equal(bench('parser', '--size', 'large').status, 2);
  const asked = bench('import', '--help');
  assert.deepEqual([asked.status, /^script\/bench NAME/.test(asked.stderr), asked.stdout], [0, true, '']);
  const mistyped = bench('import', '--jsno');
  assert.equal(mistyped.status, 2);
  assert.match(mistyped.stderr, /Unknown option '--jsno'/);
});
