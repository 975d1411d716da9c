import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { testCluster } from 'pg-cluster/testing';

const CLI = path.resolve(import.meta.dirname, '../../bin/roundtrip.ts');
const cluster = await testCluster();
const folder = mkdtempSync(path.join(tmpdir(), 'fingerprint-'));
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await cluster.release();
});
const { host, port, user, database, passwordFile } = await cluster.createDatabase();
const sql = (text: string) => cluster.query(text, [], database);

async function fingerprint(...more: readonly string[]) {
  const argv = [CLI, 'fingerprint', '--database', `postgres://${user}@${host}:${port}/${database}`, ...more];
  const env = { ...process.env, PGPASSFILE: passwordFile };
  const ran = await promisify(execFile)(process.execPath, argv, { env }).then(
    (result) => ({ ...result, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  );
  return { exitCode: ran.code, stdout: ran.stdout, stderr: ran.stderr };
}

await sql(`CREATE TABLE orders (id int PRIMARY KEY, total numeric(10,2));
           INSERT INTO orders SELECT n, n FROM generate_series(1, 5000) n;
           CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1)`);

describe('fingerprint', () => {
  it('says later whether the rows are still those of a file', async () => {
    const file = path.join(folder, 'before.json');
    const before = await fingerprint('--json');
    assert.equal(before.exitCode, 0, before.stderr);
    assert.doesNotMatch(before.stdout, /sample/i);
    writeFileSync(file, before.stdout);
    const same = await fingerprint('--expect', file);
    assert.equal(same.exitCode, 0, same.stderr);
    assert.match(same.stdout, /every row is as it was/);
    await sql('UPDATE orders SET total = total + 0.01 WHERE id = 37');
    const changed = await fingerprint('--expect', file, '--json');
    assert.equal(changed.exitCode, 3);
    assert.deepEqual(JSON.parse(changed.stdout).differing, ['public.orders']);
    await sql('UPDATE orders SET total = total - 0.01 WHERE id = 37');
  });

  it('never lets a sample pass for the whole table', async () => {
    const file = path.join(folder, 'sample.json');
    const before = await fingerprint('--sample', 'orders=10%', '--json');
    assert.equal(before.exitCode, 0, before.stderr);
    writeFileSync(file, before.stdout);
    const { tables } = JSON.parse(before.stdout);
    assert.equal(tables['public.orders'].rows, '5000');
    assert.equal(tables['public.orders'].sample.share, 0.1);
    assert.match(tables['public.orders'].sample.inWords.join(' '), /SAMPLE of 10 %.*does not prove/s);
    assert.equal(tables['public.users'].sample, undefined);
    const same = await fingerprint('--expect', file);
    assert.equal(same.exitCode, 0, same.stderr);
    assert.match(same.stdout, /SAMPLE of 10 %: \d+ of 5000 rows/);
    assert.match(same.stdout, /no difference seen; of public\.orders only a sample was looked at/);
    assert.doesNotMatch(same.stdout, /every row/);
    await sql('UPDATE orders SET total = total + 0.01');
    assert.equal((await fingerprint('--expect', file)).exitCode, 3);
  });

  it('refuses what it cannot read, before it reads anything else', async () => {
    for (const flags of [
      ['--sample', 'orders'],
      ['--sample', 'orders=200%'],
      ['--expect', path.join(folder, 'nowhere.json')],
      ['--expect', CLI],
      ['--expect', path.join(folder, 'before.json'), '--table', 'orders'],
    ])
      assert.equal((await fingerprint(...flags)).exitCode, 2, flags.join(' '));
  });
});
