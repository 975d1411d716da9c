import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { buildS3Stage, type S3Stage, VARIABLES } from '../backup-store/s3-stage.ts';

const CLI = path.resolve(import.meta.dirname, '../../bin/roundtrip.ts');
const STORE = 's3://backups/cli';

let cluster: PrivateCluster;
let stage: S3Stage;
let environment: Record<string, string>;
let id: string;
before(async () => {
  [cluster, stage] = await Promise.all([createCluster({ name: 'backup-cli' }), buildS3Stage()]);
  await cluster.query('CREATE DATABASE shop');
  const sql = `CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders SELECT n, 'note ' || n FROM generate_series(1, 900) n`;
  await cluster.query(sql, [], 'shop');
  const { PATH = '', HOME = '' } = process.env;
  environment = { PATH, HOME, ...VARIABLES, AWS_ENDPOINT_URL: stage.proxy.url, PGPASSWORD: cluster.password };
});
after(async () => {
  await cluster.stop();
  await stage.close();
});

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The verdict of `--json`. */
  readonly verdict: Record<string, unknown> & { readonly error?: { readonly code: string } };
}

function backup(...argv: readonly string[]): Promise<Ended> {
  const all = [CLI, 'backup', ...argv, '--json', '--state', path.join(stage.folder, 'state')];
  return new Promise((resolve) => {
    execFile(process.execPath, all, { env: environment, timeout: 60_000 }, (error, stdout, stderr) => {
      const last = stdout.trim().split('\n').at(-1) ?? '';
      const exitCode = error === null ? 0 : Number(error.code ?? -1);
      const verdict = last.startsWith('{') ? (JSON.parse(last) as Ended['verdict']) : {};
      for (const secret of [cluster.password, VARIABLES.AWS_SECRET_ACCESS_KEY])
        assert.ok(!(stdout + stderr).includes(secret), 'a secret was printed');
      resolve({ exitCode, stdout, stderr, verdict });
    });
  });
}

const url = (name = ''): string => `postgres://postgres@127.0.0.1:${cluster.port}/${name}`;

async function databases(): Promise<string[]> {
  const { rows } = await cluster.query('SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1');
  return rows.map((row: { datname: string }) => row.datname);
}

describe('backup without a runbook', () => {
  it('create: dumps, proves by a restore, copies encrypted, leaves no scratch database', async () => {
    const identity = await generateIdentity();
    writeFileSync(path.join(stage.folder, 'identity.txt'), identity, { mode: 0o600 });
    const made = await backup(
      ...['create', '--database', url('shop'), '--directory', path.join(stage.folder, 'shop')],
      ...['--to', STORE, '--recipient', await identityToRecipient(identity)],
    );
    assert.equal(made.exitCode, 0, made.stdout + made.stderr);
    assert.equal(made.verdict.trust, 'T3');
    id = (made.verdict.copy as { id: string }).id;
    assert.match(id, /^shop-\d{8}T\d{6}Z-[0-9a-f]{8}$/);
    assert.deepEqual(await databases(), ['postgres', 'shop']);
  });

  it('list: names the copy, its trust and its recipients', async () => {
    const { verdict } = await backup('list', '--from', STORE);
    const [copy] = verdict.copies as { id: string; trust: string; encrypted: boolean }[];
    assert.deepEqual([copy?.id, copy?.trust, copy?.encrypted], [id, 'T3', true]);
  });

  it('restore: from the store into a new database, with the identity alone', async () => {
    const from = ['restore', '--from', STORE, '--id', id, '--database', url(), '--as', 'shop_again'];
    assert.equal((await backup(...from)).verdict.error?.code, 'identity-missing');
    const restored = await backup(...from, '--identity', path.join(stage.folder, 'identity.txt'));
    assert.equal(restored.exitCode, 0, restored.stdout + restored.stderr);
    const { rows } = await cluster.query('SELECT count(*)::int AS n FROM orders', [], 'shop_again');
    assert.equal(rows[0].n, 900);
  });

  it('restore: never onto a database that exists', async () => {
    await cluster.query('CREATE TABLE here (id int)', [], 'shop_again');
    const directory = path.join(stage.folder, 'shop');
    const refused = await backup(
      'restore',
      '--directory',
      directory,
      '--database',
      url(),
      '--as',
      'shop_again',
    );
    assert.equal(refused.exitCode, 3);
    assert.equal(refused.verdict.error?.code, 'database-exists');
    await cluster.query('SELECT FROM here', [], 'shop_again');
  });

  it('verify: passes on a whole backup, names a file that changed', async () => {
    const directory = path.join(stage.folder, 'shop');
    const whole = await backup('verify', '--directory', directory, '--database', url());
    assert.equal(whole.verdict.trust, 'T3', whole.stdout);
    const [data] = readdirSync(path.join(directory, 'archive')).filter((name) => /^\d+\.dat/.test(name));
    const file = path.join(directory, 'archive', data ?? '');
    const before = readFileSync(file);
    writeFileSync(file, Buffer.concat([before, Buffer.from('x')]));
    const changed = await backup('verify', '--directory', directory, '--database', url());
    assert.equal(changed.verdict.error?.code, 'backup-corrupt');
    writeFileSync(file, before);
    assert.equal((await databases()).filter((name) => name.includes('verify')).length, 0);
  });

  it('copy: an unverified backup counts as T2 until its copy is verified', async () => {
    const directory = path.join(stage.folder, 'unproven');
    await backup('create', '--database', url('shop'), '--directory', directory, '--no-verify');
    const copied = await backup(
      'copy',
      '--directory',
      directory,
      '--to',
      `${STORE}-other`,
      '--part-mib',
      '1',
    );
    assert.equal(copied.verdict.trust, 'T2', copied.stdout + copied.stderr);
    const other = (copied.verdict.copy as { id: string }).id;
    await backup('verify', '--from', `${STORE}-other`, '--id', other, '--database', url());
    const { verdict } = await backup('list', '--from', `${STORE}-other`);
    assert.equal((verdict.copies as { trust: string }[])[0]?.trust, 'T3');
  });

  it('prune: says what it would delete, wants the name of the store typed, keeps what is pinned', async () => {
    const later = path.join(stage.folder, 'later');
    await backup('create', '--database', url('shop'), '--directory', later, '--to', STORE);
    const rules = ['prune', '--from', STORE, '--keep', '1', '--keep-days', '0'];
    const dry = await backup(...rules);
    assert.equal(dry.verdict.verdict, 'dry-run');
    const wrong = await backup(...rules, '--confirm', 'yes');
    assert.equal(wrong.verdict.error?.code, 'confirmation-wrong');
    await backup('pin', '--from', STORE, '--id', id, '--reason', 'a watch', '--holder', 'run-1');
    assert.deepEqual((await backup(...rules, '--confirm', STORE)).verdict.deleted, []);
    await backup('unpin', '--from', STORE, '--id', id, '--holder', 'run-1');
    assert.deepEqual((await backup(...rules, '--confirm', STORE)).verdict.deleted, [id]);
    assert.equal(((await backup('list', '--from', STORE)).verdict.copies as unknown[]).length, 1);
  });

  it('refuses what it cannot understand before it dumps', async () => {
    const directory = path.join(stage.folder, 'never');
    const create = ['create', '--directory', directory];
    const password = 'canary-of-the-url';
    for (const [argv, code] of [
      [['--database', `mysql://u:${password}@h/d`], 'usage'],
      [[], 'usage'],
      [['--database', url('shop'), '--to', 'ftp://x/y'], 'bad-store'],
      [['--database', url('shop'), '--to', STORE, '--recipient', 'nobody'], 'bad-recipient'],
      [['--database', url('shop'), '--jobs', 'many'], 'usage'],
    ] as const) {
      const { verdict, stdout, stderr } = await backup(...create, ...argv);
      assert.equal(verdict.error?.code, code);
      assert.ok(!(stdout + stderr).includes(password));
    }
    assert.equal(existsSync(directory), false);
  });
});
