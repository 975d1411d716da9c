import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { createCluster, type PrivateCluster } from 'pg-cluster';
import { fingerprintTables } from 'roundtrip/cli';

const execute = promisify(execFile);
const PROJECT = path.resolve(import.meta.dirname, '..');
const CLI = path.resolve(PROJECT, '../../packages/roundtrip/bin/roundtrip.ts');
// Debian's packages belong to Debian's Python, whichever other one stands first in PATH.
const PYTHON = '/usr/bin/python3';
const PROTECTED = ['orders', 'order_items', 'cart_items'];

let cluster: PrivateCluster;
let folder: string;
before(async () => {
  cluster = await createCluster({ name: 'django' });
});
after(() => cluster.stop());

/** A legacy shop, made by Django itself in the story's settings. */
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'django-'));
  await cluster.query('CREATE DATABASE shop');
  await manage('shop.settings_story', 'migrate', 'products', '0001');
  await manage('shop.settings_story', 'migrate', 'orders', '0001');
  await cluster.query(
    `INSERT INTO products (onec_id, name, sku, retail_price, stock_quantity)
       SELECT id, 'SKU ' || id, id, 900, 1 FROM unnest(ARRAY['ball#red', 'ball#blue', 'shirt#m', 'gone#1']) id;
     INSERT INTO orders (order_number, total_amount) SELECT 'FS-' || n, 900 FROM generate_series(1, 20) n;
     INSERT INTO order_items (order_id, product_id, quantity, product_name)
       SELECT o.id, 1 + o.id % 4, 1, 'as sold' FROM orders o;
     INSERT INTO cart_items (product_id, quantity) VALUES (1, 2), (4, 1);`,
    [],
    'shop',
  );
});

/** The shop, its copies and what the runs kept. */
async function dropShop(): Promise<void> {
  const { rows } = await cluster.query(`SELECT datname FROM pg_database WHERE datname LIKE 'shop%'`);
  for (const { datname } of rows as { datname: string }[])
    await cluster.query(`DROP DATABASE "${datname}" WITH (FORCE)`);
  rmSync(folder, { recursive: true, force: true });
}

async function manage(settings: string, ...argv: string[]): Promise<string> {
  const { host, port, user, passwordFile } = cluster.address('shop');
  const { stdout } = await execute(PYTHON, [path.join(PROJECT, 'manage.py'), ...argv], {
    env: {
      ...process.env,
      DJANGO_SETTINGS_MODULE: settings,
      PYTHONDONTWRITEBYTECODE: '1',
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGDATABASE: 'shop',
      PGPASSFILE: passwordFile,
    },
  });
  return stdout;
}

async function roundtrip(
  settings: string,
  ...argv: string[]
): Promise<{ readonly exitCode: number; readonly text: string }> {
  const targets = path.join(folder, 'targets.json');
  const target = {
    environment: 'production',
    database: cluster.address('shop'),
    settings: { django: settings, python: PYTHON },
  };
  writeFileSync(targets, JSON.stringify({ production: target }));
  const child = [
    CLI,
    ...argv,
    '--target',
    'production',
    '--confirm',
    'production',
    '--runbook',
    path.join(PROJECT, 'runbook.ts'),
    '--state',
    path.join(folder, 'state'),
  ];
  const env = { ...process.env, ROUNDTRIP_TARGETS: targets };
  try {
    const { stdout, stderr } = await execute(process.execPath, child, { env });
    return { exitCode: 0, text: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { exitCode: code, text: stdout + stderr };
  }
}

const RUN = ['run', '--override', 'receipt=an example', 'window=an example'];

async function protectedRows(): Promise<Record<string, string>> {
  const prints = await fingerprintTables(cluster.address('shop'), { tables: PROTECTED });
  return Object.fromEntries(
    Object.entries(prints).map(([table, { rows, digest }]) => [table, `${rows}:${digest}`]),
  );
}

const count = async (table: string): Promise<number> =>
  Number((await cluster.query(`SELECT count(*) FROM ${table}`, [], 'shop')).rows[0].count);

describe('the story in Django', () => {
  it("would lose every order line by the story's own flush", async (context) => {
    context.after(dropShop);
    await manage('shop.settings_story', 'migrate');
    const printed = JSON.parse((await manage('shop.settings_story', 'flush_products', '--confirm')).trim());
    assert.equal(printed['orders.OrderItem'], 20);
    assert.equal(await count('order_items'), 0);
    assert.equal(await count('cart_items'), 0);
  });

  it('is refused before the flush begins, and rolled back', async (context) => {
    context.after(dropShop);
    const before = await protectedRows();
    const { exitCode, text } = await roundtrip('shop.settings_story', ...RUN);
    assert.equal(exitCode, 6, text);
    assert.match(text, /20 rows of public\.order_items \(orphaned\)/);
    assert.deepEqual(await protectedRows(), before);
    assert.equal(await count('products'), 4);
  });

  it('goes through and back once lines refer to identities', async (context) => {
    context.after(dropShop);
    const before = await protectedRows();
    const run = await roundtrip('shop.settings_kept', ...RUN);
    assert.equal(run.exitCode, 0, run.text);
    assert.deepEqual(await protectedRows(), before);
    assert.deepEqual([await count('products'), await count('product_variants')], [2, 3]);
    // A line of a product that 1C no longer knows still says what was sold.
    const { rows } = await cluster.query(
      `SELECT DISTINCT s.onec_id FROM order_items i JOIN sku_identities s ON s.id = i.product_id ORDER BY 1`,
      [],
      'shop',
    );
    assert.deepEqual(
      rows.map((row: { onec_id: string }) => row.onec_id),
      ['ball#blue', 'ball#red', 'gone#1', 'shirt#m'],
    );

    await cluster.query(
      `INSERT INTO orders (order_number, total_amount) VALUES ('FS-later', 900)`,
      [],
      'shop',
    );
    const back = await roundtrip('shop.settings_kept', 'rollback');
    assert.equal(back.exitCode, 0, back.text);
    assert.equal(await count('products'), 4);
    assert.equal(await count(`orders WHERE order_number = 'FS-later'`), 1);
    assert.equal(await count('order_items'), 20);
  });
});
