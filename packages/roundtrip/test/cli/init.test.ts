import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { createCluster } from 'pg-cluster';

const PACKAGE = path.resolve(import.meta.dirname, '../..');
const CLI = path.join(PACKAGE, 'bin/roundtrip.ts');
/** Its own: what a database may do depends on settings of the server. */
const cluster = await createCluster({ name: 'init', settings: { wal_level: 'replica' } });
const folder = mkdtempSync(path.join(tmpdir(), 'init-'));
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await cluster.stop();
});
mkdirSync(path.join(folder, 'node_modules'));
symlinkSync(PACKAGE, path.join(folder, 'node_modules/roundtrip'));
writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');

const { host, port, user, passwordFile } = cluster.address();

interface Verdict {
  readonly exitCode: number;
  readonly strategy: {
    readonly strategy: string;
    readonly toChange: readonly { seen: string; cure: string }[];
  };
  readonly tables: readonly { table: string; isProtected: boolean; rows: number | null }[];
  readonly tools: readonly { tool: string }[];
  readonly estimate: { readonly error: number };
}

function roundtrip(cwd: string, argv: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...argv], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, PGPASSFILE: passwordFile, ...variables },
  });
  return { status, stdout, stderr };
}

function emptyFolder(name: string): string {
  const at = path.join(folder, name);
  mkdirSync(at);
  return at;
}

async function shop(database: string): Promise<string> {
  await cluster.query(`CREATE DATABASE "${database}"`);
  await cluster.query(
    `CREATE TABLE products (id int PRIMARY KEY);
     CREATE TABLE orders (id int PRIMARY KEY, note text);
     CREATE TABLE order_items (id int PRIMARY KEY, order_id int REFERENCES orders, product_id int REFERENCES products);
     CREATE TABLE "it's ""odd""\n*/ throw 1; //" (id int PRIMARY KEY, owner int REFERENCES orders);
     INSERT INTO products SELECT generate_series(1, 10);
     INSERT INTO orders SELECT n, repeat('x', 2000) FROM generate_series(1, 8000) n;
     INSERT INTO order_items SELECT n, n, 1 + n % 10 FROM generate_series(1, 8000) n;
     ANALYZE`,
    [],
    database,
  );
  return `postgres://${user}@${host}:${port}/${database}`;
}

/** What a session that may write could have changed, of the whole cluster. */
async function written(database: string): Promise<string> {
  const { rows } = await cluster.query(
    `SELECT (SELECT json_agg((datname)::text ORDER BY 1) FROM pg_database)::text AS databases,
            (SELECT json_agg((relname, n_tup_ins, n_tup_upd, n_tup_del)::text ORDER BY relname) FROM pg_stat_user_tables)::text AS rows,
            (SELECT count(*) FROM pg_class)::text AS classes, (SELECT count(*) FROM pg_replication_slots)::text AS slots`,
    [],
    database,
  );
  return JSON.stringify(rows);
}

describe('roundtrip init', () => {
  it('proposes in place where tables cannot stream, says what to change, and only reads', async () => {
    const url = await shop('reading');
    const cwd = emptyFolder('reading');
    const before = await written('reading');
    const { status, stdout, stderr } = roundtrip(cwd, ['init', '--database', url, '--json']);
    assert.equal(status, 0, stderr);
    const verdict = JSON.parse(stdout) as Verdict;
    assert.equal(verdict.strategy.strategy, 'in place');
    assert.deepEqual(
      verdict.strategy.toChange.map(({ seen }) => seen),
      ['wal_level is replica'],
    );
    assert.deepEqual(
      verdict.tables.map(({ table, isProtected }) => [table, isProtected]),
      [
        [`public."it's ""odd""\n*/ throw 1; //"`, true],
        ['public.order_items', true],
        ['public.orders', true],
        ['public.products', false],
      ],
    );
    assert.equal(verdict.tables.find(({ table }) => table === 'public.orders')?.rows, 8000);
    assert.deepEqual([verdict.tools[0]?.tool, verdict.estimate.error], ['psql', 3]);
    assert.equal(await written('reading'), before);
  });

  it('writes a runbook that can be planned as it is, whatever the tables are called', async () => {
    const url = await shop('planned');
    const cwd = emptyFolder('planned');
    writeFileSync(path.join(cwd, 'manage.py'), 'import django');
    assert.equal(roundtrip(cwd, ['init', '--database', url]).status, 0);
    const { status, stdout, stderr } = roundtrip(cwd, ['plan', '--target', 'production', '--json']);
    assert.equal(status, 0, stderr);
    const { plan } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
      plan: { protectedTables: string[]; steps: { kind: string; args: { argv?: string[]; cwd?: string } }[] };
    };
    assert.deepEqual(
      [...plan.protectedTables].sort(),
      [`public."it's ""odd""\n*/ throw 1; //"`, 'public.order_items', 'public.orders'].sort(),
    );
    const step = plan.steps.find(({ kind }) => kind === 'command');
    assert.deepEqual(step?.args.argv, ['python3', 'manage.py', 'migrate', '--noinput']);
    assert.equal(step?.args.cwd, cwd);
    const checked = roundtrip(cwd, ['check', '--target', 'production', '--json']);
    const codes = checked.stdout
      .trim()
      .split('\n')
      .flatMap((line) => {
        const { severity, code } = JSON.parse(line) as { severity?: string; code?: string };
        return severity === 'refusal' && code !== 'outside-window' ? [code] : [];
      });
    assert.deepEqual(codes, ['no-receipt'], checked.stdout);
  });

  it('writes no password, and says where it belongs', async () => {
    const url = await shop('secret');
    const cwd = emptyFolder('secret');
    const withPassword = url.replace('@', `:${cluster.password}@`);
    const inUrl = roundtrip(cwd, ['init', '--database', withPassword], { PGPASSFILE: '' });
    assert.equal(inUrl.status, 0, inUrl.stderr);
    assert.match(inUrl.stderr, /chmod 600/);
    const texts = readdirSync(cwd).map((name) => readFileSync(path.join(cwd, name), 'utf8'));
    for (const text of [...texts, inUrl.stdout, inUrl.stderr]) assert.ok(!text.includes(cluster.password));
    assert.match(texts.join('\n'), /"passwordFile": "pgpass"/);
  });

  it('overwrites nothing, looks at no database then, and names a table that is not there', async () => {
    const url = await shop('twice');
    const cwd = emptyFolder('twice');
    writeFileSync(path.join(cwd, 'targets.json'), 'mine');
    const there = roundtrip(cwd, ['init', '--database', 'postgres://nobody@127.0.0.1:1/none']);
    assert.equal(there.status, 3, there.stderr);
    assert.match(there.stderr, /file-exists/);
    assert.equal(existsSync(path.join(cwd, 'runbook.ts')), false);
    assert.equal(readFileSync(path.join(cwd, 'targets.json'), 'utf8'), 'mine');
    const other = emptyFolder('other');
    const wrong = roundtrip(other, ['init', '--database', url, '--migrates', 'prodcts']);
    assert.equal(wrong.status, 2, wrong.stderr);
    assert.deepEqual(readdirSync(other), [], 'a refused command leaves nothing');
    const missing = roundtrip(other, ['init', '--database', url, '--folder', 'missing']);
    assert.match(missing.stderr, /file-not-written/);
  });
});
