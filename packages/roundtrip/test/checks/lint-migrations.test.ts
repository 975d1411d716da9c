import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { testCluster } from 'pg-cluster/testing';
import { lintMigrations } from '../../src/checks/lint-migrations.ts';
import { listedCheck } from '../../src/checks/listed-check.ts';
import { activateRelease, deployRelease, resolveRelease } from '../../src/services/git-release.ts';
import { codesOf, findingsOf, planOn } from './check-context.ts';

const cluster = await testCluster();
const folder = mkdtempSync(path.join(tmpdir(), 'lint-migrations-'));
after(async () => {
  rmSync(folder, { recursive: true });
  await cluster.release();
});

test('only migrations that the release brings are linted, by the target and the running release', async () => {
  const repository = path.join(folder, 'repository');
  const directory = path.join(folder, 'releases');
  for (const part of ['migrations/deeper', 'src'])
    mkdirSync(path.join(repository, part), { recursive: true });
  mkdirSync(directory);
  const write = (name: string, text: string) => writeFileSync(path.join(repository, name), text);
  const git = (...argv: string[]) =>
    promisify(execFile)('git', [
      '-C',
      repository,
      '-c',
      'user.name=t',
      '-c',
      'user.email=t@example.com',
      ...argv,
    ]);
  const release = async (tag: string) => {
    await git('add', '-A');
    await git('commit', '-qm', tag);
    await git('tag', tag);
    return (await resolveRelease({ repository, tag })).commit;
  };
  await git('init', '-q');
  write('migrations/1.sql', 'CREATE INDEX ON users (name)');
  write('src/users.py', 'SELECT nick FROM users');
  const fromCommit = await release('v1');
  write(
    'migrations/2.sql',
    'ALTER TABLE users ALTER name TYPE varchar(80), DROP COLUMN nick, DROP COLUMN note',
  );
  write('migrations/deeper/3.sql', 'CREATE INDEX ON users (name)');
  write('migrations/notes.txt', 'no SQL');
  const toCommit = await release('v2');
  const deployed = await deployRelease({
    ...{ repository, releasesDirectory: directory, tag: 'v1', commit: fromCommit, timeoutMs: 60_000 },
  });
  await activateRelease({ releasesDirectory: directory, release: deployed.path });
  const database = await cluster.createDatabase();
  await cluster.query('CREATE TABLE users (name varchar(50), nick text, note text)', [], database.database);
  const linted = (change: Partial<Parameters<typeof lintMigrations>[0]>) => {
    const spec = lintMigrations({ folder: 'migrations', usedBy: ['src'], lockTimeoutIsSet: true, ...change });
    const pinned = { from: 'v1', to: 'v2', fromCommit, toCommit };
    const plan = planOn(database, {
      checks: () => [spec],
      pinned,
      target: { releases: { repository, directory } },
    });
    return findingsOf(listedCheck(spec), plan);
  };
  const found = await linted({});
  // The column widens, by the database; nobody names `note`.
  assert.deepEqual(codesOf(found), ['warning ddl-breaks-release', 'warning ddl-index-blocks']);
  assert.match(
    found[0]?.seen ?? '',
    /^migrations\/2\.sql:1: public\.users\.nick is dropped; .* in src\/users\.py$/,
  );
  assert.match(found[1]?.seen ?? '', /^migrations\/deeper\/3\.sql:1: /);
  assert.deepEqual(codesOf(await linted({ refuses: true })), [
    'refusal ddl-breaks-release',
    'refusal ddl-index-blocks',
  ]);
  const [unasked] = await linted({ usedBy: [] });
  assert.match(unasked?.seen ?? '', /nick is dropped.*not asked; .*note is dropped/);
  assert.deepEqual(codesOf(await linted({ folder: 'elsewhere' })), []);
});

test('without releases there is nothing to find migrations in, and that is said', async () => {
  const spec = lintMigrations({ folder: 'migrations' });
  const plan = planOn(cluster.address(), { checks: () => [spec] });
  assert.deepEqual(codesOf(await findingsOf(listedCheck(spec), plan)), ['refusal no-releases']);
});
