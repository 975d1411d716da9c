import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import {
  backupWithPgBackRest,
  type PgBackRest,
  type PgBackRestBackup,
  pgbackrest,
} from '../../src/backup-store/pgbackrest.ts';
import { verifyPgBackRest } from '../../src/backup-store/verify-pgbackrest.ts';
import { Failed } from '../../src/errors.ts';
import { daemonFolder, unprivileged } from '../services/unprivileged.ts';

const TOOL = { timeoutMs: 120_000 };

let folder: string;
let cluster: PrivateCluster;
let source: PgBackRest;
let made: PgBackRestBackup;
before(async () => {
  try {
    execFileSync('pgbackrest', ['version']);
  } catch (cause) {
    throw new Error('pgbackrest is missing: install it (Debian: apt-get install pgbackrest)', { cause });
  }
  folder = daemonFolder('pgbackrest');
  const config = path.join(folder, 'pgbackrest.conf');
  const archive = `pgbackrest --config=${config} --stanza=shop archive-push %p`;
  const settings = { archive_mode: 'on', archive_command: archive, full_page_writes: 'on' };
  cluster = await createCluster({ name: 'pgbackrest', settings });
  for (const part of ['repository', 'log', 'lock', 'spool']) own(path.join(folder, part), 'folder');
  writeFileSync(
    config,
    `[global]
repo1-path=${folder}/repository
log-path=${folder}/log
lock-path=${folder}/lock
spool-path=${folder}/spool
start-fast=y
[shop]
pg1-path=${cluster.directory}/data
pg1-port=${cluster.port}
pg1-socket-path=${cluster.socketDirectory}
pg1-user=postgres
`,
  );
  const passwordFile = path.join(folder, 'pgpass');
  copyFileSync(cluster.address().passwordFile, passwordFile);
  own(passwordFile, 'file');
  const runAs = unprivileged() === undefined ? undefined : 'postgres';
  source = { stanza: 'shop', config, runAs, passwordFile };
  await pgbackrest(source, ['stanza-create'], TOOL);
  await cluster.query('CREATE DATABASE shop');
  await cluster.query('CREATE TABLE orders (id serial PRIMARY KEY, note text)', [], 'shop');
  await cluster.query("INSERT INTO orders (note) SELECT 'n' FROM generate_series(1, 2000)", [], 'shop');
});
after(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

function own(file: string, kind: 'file' | 'folder'): void {
  if (kind === 'folder') mkdirSync(file);
  const user = unprivileged();
  if (user !== undefined) chownSync(file, user.uid, user.gid);
}

const verify = (backup: PgBackRestBackup) =>
  verifyPgBackRest(source, { ...TOOL, backup, user: 'postgres', scratchParent: folder });

it('backs up a cluster that is written to, and recovers it to exactly the noted point', async () => {
  const database = cluster.address('shop');
  let writing = true;
  const customers = (async () => {
    for (let n = 0; writing; n += 1)
      await cluster.query('INSERT INTO orders (note) VALUES ($1)', [`order ${n}`], 'shop');
  })();
  made = await backupWithPgBackRest(source, { ...TOOL, database, type: 'full' });
  writing = false;
  await customers;
  await cluster.query("DELETE FROM orders WHERE note = 'n'", [], 'shop');
  assert.match(made.label, /^\d{8}-\d{6}F$/);
  assert.deepEqual(await verify(made), { trust: 'T3', tables: 1 });
});

it('the verb does both, and proves a note again', async () => {
  const note = path.join(folder, 'note.json');
  const cli = path.resolve(import.meta.dirname, '../../bin/roundtrip.ts');
  const flags = ['--stanza', 'shop', '--config', String(source.config), '--note', note, '--scratch', folder];
  if (source.runAs !== undefined) flags.push('--run-as', source.runAs);
  const { host, port, user } = cluster.address();
  const argv = [
    cli,
    'backup',
    'pgbackrest',
    ...flags,
    '--password-file',
    String(source.passwordFile),
    '--json',
  ];
  const call = (...more: string[]): Record<string, unknown> => {
    const stdout = execFileSync(
      process.execPath,
      [
        ...argv,
        ...more,
        '--database',
        `postgres://${user}@${host}:${port}/shop`,
        '--state',
        `${folder}/state`,
      ],
      {
        encoding: 'utf8',
        env: { ...process.env, PGPASSWORD: cluster.password },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  };
  const first = call('--type', 'incr');
  assert.match(String(first.label), /I$/);
  assert.equal(first.trust, 'T3');
  assert.equal(call('--verify-only').label, first.label);
});

it('says which table differs from what was noted', async () => {
  const [[table, fingerprint] = ['', undefined]] = Object.entries(made.fingerprints);
  const wrong = {
    ...made,
    fingerprints: { [table]: { ...fingerprint, rows: '1' } },
  } as unknown as PgBackRestBackup;
  await assert.rejects(
    verify(wrong),
    (error: Failed) => error.code === 'backup-differs' && /rows of .*orders/.test(error.seen),
  );
});

it('a point that the archive does not hold is no success', async () => {
  await assert.rejects(
    verify({ ...made, restorePoint: 'never was' }),
    (error: Failed) =>
      error instanceof Failed && error.code === 'scratch-not-started' && /recovery target/.test(error.seen),
  );
});

it('leaves no scratch cluster', () => {
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('roundtrip-scratch-')),
    [],
  );
});
