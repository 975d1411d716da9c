import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { testCluster } from 'pg-cluster/testing';

const CLI = path.resolve(import.meta.dirname, '../../bin/roundtrip.ts');
const cluster = await testCluster();
const folder = mkdtempSync(path.join(tmpdir(), 'lint-'));
after(async () => {
  rmSync(folder, { recursive: true });
  await cluster.release();
});

async function lint(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  try {
    const done = await promisify(execFile)(process.execPath, [CLI, 'lint', ...argv], {
      env: { ...process.env, ...env },
    });
    return { code: 0, ...done };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

test('a folder of migrations, judged by what the database has and the release uses', async () => {
  const { host, port, user, database, passwordFile } = await cluster.createDatabase();
  await cluster.query('CREATE TABLE users (id int PRIMARY KEY, name varchar(50), nick text)', [], database);
  const migrations = path.join(folder, 'migrations');
  const release = path.join(folder, 'release/src');
  mkdirSync(migrations);
  mkdirSync(release, { recursive: true });
  writeFileSync(
    path.join(migrations, '2.sql'),
    'ALTER TABLE users ALTER COLUMN name TYPE varchar(80);\nALTER TABLE users DROP COLUMN nick;\n',
  );
  writeFileSync(
    path.join(migrations, '1.sql'),
    "SET lock_timeout = '2s';\nALTER TABLE users ADD COLUMN x int;\n",
  );
  writeFileSync(path.join(release, 'users.py'), 'SELECT nick FROM users');
  const alone = await lint([migrations]);
  assert.equal(alone.code, 3);
  assert.match(
    alone.stdout,
    /1\.sql:2 {2}ALTER TABLE users ADD COLUMN x int\n {4}AccessExclusive +public\.users \(waits: reads and writes\)/,
  );
  assert.match(alone.stdout, /DANGER .*2\.sql:1 ddl-type-change/);
  assert.match(alone.stdout, /4 statements, 2 dangerous, 1 to look at\n$/);
  const url = `postgres://${user}@${host}:${port}/${database}`;
  const known = ['--database', url, '--lock-timeout-is-set'];
  const json = async (...more: readonly string[]) => {
    const { code, stdout } = await lint([migrations, ...known, ...more, '--json'], {
      PGPASSFILE: passwordFile,
    });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return { code, verdict: lines.at(-1), findings: lines.filter(({ type }) => type === 'finding') };
  };
  const unasked = await json();
  assert.deepEqual([unasked.code, unasked.verdict?.verdict, unasked.verdict?.statements], [0, 'go', 4]);
  assert.deepEqual(
    unasked.findings.map(({ code, severity }) => [code, severity]),
    [['ddl-breaks-release', 'warning']],
  );
  const asked = await json('--used-by', path.join(folder, 'release'));
  assert.equal(asked.code, 3);
  assert.match(
    String(asked.findings[0]?.seen),
    /users\.nick is dropped; the running release names it in src\/users\.py/,
  );
});

test('a file that is not there is refused with its name, and none at all is a usage error', async () => {
  const missing = await lint([path.join(folder, 'none.sql')]);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /migrations-unreadable[\s\S]*none\.sql/);
  assert.equal((await lint([])).code, 2);
});
