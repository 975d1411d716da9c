import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generateExchange } from 'commerceml/generate';
import {
  type ImportOptions,
  type ImportReport,
  importExchange,
  OnecImportError,
} from '../../src/onec/index.ts';
import { catalogueByOnecIds, rowVersions, schemaLines } from './catalogue-rows.ts';
import { Fixtures } from './exchange-fixture.ts';
import { type ShopDatabase, type ShopDatabases, shopDatabases } from './shop-database.ts';

const BIN = fileURLToPath(new URL('../../bin/freesport.ts', import.meta.url));

describe('an import', () => {
  const fixtures = new Fixtures();
  const exchange = fixtures.folder();
  const changed = fixtures.folder();
  let databases: ShopDatabases;
  let clean: Record<string, string>;
  before(async () => {
    databases = await shopDatabases();
    await generateExchange(exchange, { goods: 400, offersPerGood: 10, portion: 500 });
    await generateExchange(changed, { goods: 300, offersPerGood: 12, portion: 500, seed: 1 });
    const shop = await databases.create();
    await load(shop, exchange);
    clean = await catalogueByOnecIds(shop);
  });
  after(async () => {
    await databases.release();
    fixtures.remove();
  });

  const load = async (
    shop: ShopDatabase,
    source: ImportOptions['source'],
    more: object = {},
  ): Promise<ImportReport> =>
    await importExchange({ source, mode: 'full', connection: shop.connection, ...more });

  it('changes no row when it is repeated, by another way of reading too', async () => {
    const shop = await databases.create();
    await load(shop, exchange);
    const before = await rowVersions(shop);
    await load(shop, exchange, { again: true });
    assert.deepEqual(await rowVersions(shop), before);
    await load(shop, exchange, { again: true, secondReadingBytesMin: 0 });
    assert.deepEqual(await rowVersions(shop), before);
    assert.deepEqual(await catalogueByOnecIds(shop), clean);
  });

  it('knows an exchange that the catalogue already is, until anyone touches a row', async () => {
    const shop = await databases.create();
    const first = await load(shop, exchange);
    const before = await rowVersions(shop);
    const { counters, ...second } = await load(shop, exchange);
    assert.match(second.report, /already is what this exchange says \(session 1\)/);
    assert.deepEqual(
      [second.products, second.variants, second.warnings],
      [first.products, first.variants, first.warnings],
    );
    assert.ok(Object.values(counters).every((count) => count === 0));
    assert.deepEqual(await rowVersions(shop), before);
    // A second identical one after the first repetition is known as well; another mode is another import.
    assert.match((await load(shop, exchange)).report, /session 2/);
    assert.doesNotMatch((await load(shop, exchange, { mode: 'changes' })).report, /already/);
    await shop.query(
      `UPDATE product_variants SET retail_price = 1 WHERE id = (SELECT min(id) FROM product_variants)`,
    );
    assert.equal((await load(shop, exchange)).counters.variantsUpdated, 1);
    await shop.query(
      'TRUNCATE products, product_variants, variant_prices, variant_stocks, product_properties, variant_properties, product_images',
    );
    await load(shop, exchange);
    assert.deepEqual((await catalogueByOnecIds(shop)).variants, clean.variants);
  });

  it('leaves indexes, keys, foreign keys and settings of tables as they were', async () => {
    const shop = await databases.create();
    await shop.query('ALTER TABLE product_variants SET (parallel_workers = 3, fillfactor = 90)');
    const before = await schemaLines(shop);
    await load(shop, exchange);
    assert.deepEqual(await schemaLines(shop), before);
  });

  it('comes to the same catalogue through another one, row by changed row', async () => {
    const shop = await databases.create();
    await load(shop, changed);
    await load(shop, exchange);
    const { variants, stocks, prices, products } = await catalogueByOnecIds(shop);
    const shown = await shop.query(`SELECT count(*)::int AS n FROM product_variants`);
    assert.ok((shown[0] as { n: number }).n >= 4000);
    const other = await databases.create();
    await load(other, exchange);
    await load(other, changed);
    await load(other, exchange);
    assert.deepEqual(
      { variants, stocks, prices, products },
      pick(await catalogueByOnecIds(other), ['variants', 'stocks', 'prices', 'products']),
    );
  });

  for (const moment of [
    'reading',
    'merging: products',
    'merging: variants',
    'merging: indexes',
    'merging: session',
  ]) {
    it(`killed at "${moment}" leaves nothing, and the next one ends as a clean one`, async () => {
      const shop = await databases.create();
      const before = await rowVersions(shop);
      const child = command(shop, ['import-products-from-1c', exchange, '--full']);
      await killAt(child, moment);
      const [session] = await shop.query<{ status: string }>('SELECT status FROM import_sessions');
      if (session?.status !== 'completed') assert.deepEqual(await rowVersions(shop), before);
      await load(shop, exchange);
      assert.deepEqual(await catalogueByOnecIds(shop), clean);
      const sessions = await shop.query<{ status: string; error_message: string }>(
        'SELECT status, error_message FROM import_sessions ORDER BY id',
      );
      assert.equal(sessions.at(-1)?.status, 'completed');
      if (session !== undefined && session.status !== 'completed') {
        assert.equal(sessions[0]?.status, 'failed');
        assert.match(sessions[0]?.error_message ?? '', /ended without a word/);
      }
      assert.deepEqual(await shop.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'onec_staging'`), []);
    });
  }

  it('refuses truncated XML with file and offset, exit code 1, and touches no table', async () => {
    const shop = await databases.create();
    await load(shop, exchange);
    const before = await rowVersions(shop);
    const broken = fixtures.write({ goods: [{ id: 'g1' }], offers: [{ id: 'g1#a' }, { id: 'g1#b' }] });
    truncateSync(path.join(broken, 'offers.xml'), 700);
    const log = path.join(fixtures.folder(), 'import.jsonl');
    const { code, stdout, stderr } = await ended(
      command(shop, ['import-products-from-1c', broken, '--full', '--json', '--log', log]),
    );
    assert.equal(code, 1);
    assert.match(stderr, /offers\.xml.*at byte \d+/);
    const result = JSON.parse(stdout) as {
      ok: boolean;
      details: { reason: string; file: string; offset: number };
    };
    assert.equal(result.details.reason, 'exchange-unreadable');
    assert.equal(result.details.file, 'offers.xml');
    assert.equal(result.details.offset, 700);
    assert.deepEqual(await rowVersions(shop), before);
    const [session] = await shop.query<{ status: string; error_message: string }>(
      'SELECT status, error_message FROM import_sessions ORDER BY id DESC LIMIT 1',
    );
    assert.equal(session?.status, 'failed');
    assert.match(session?.error_message ?? '', /offers\.xml/);
    const line = JSON.parse(readFileSync(log, 'utf8').trim()) as { code: string; byteOffset: number };
    assert.deepEqual([line.code, line.byteOffset], ['exchange-unreadable', 700]);
  });

  it('refuses a missing and an empty folder without a session', async () => {
    const shop = await databases.create();
    const empty = fixtures.folder();
    writeFileSync(path.join(empty, 'readme.txt'), 'nothing');
    for (const [source, reason] of [
      [path.join(empty, 'nowhere'), 'exchange-missing'],
      [{ files: [path.join(empty, 'nowhere.xml')] }, 'exchange-missing'],
      [empty, 'exchange-empty'],
      [{ files: [path.join(empty, 'readme.txt')] }, 'exchange-empty'],
    ] as const) {
      await assert.rejects(
        load(shop, source),
        (error) => error instanceof OnecImportError && error.reason === reason,
      );
    }
    assert.deepEqual(await shop.query('SELECT 1 FROM import_sessions'), []);
  });

  it('refuses to run beside another one and names it', async () => {
    const shop = await databases.create();
    let second: Promise<unknown> | undefined;
    await load(shop, exchange, {
      onProgress: () => {
        second ??= load(shop, exchange).catch((error: unknown) => error);
      },
    });
    const refusal = await second;
    assert.ok(refusal instanceof OnecImportError);
    assert.equal(refusal.reason, 'import-running');
    assert.match(refusal.message, /wait until it ends/);
    assert.equal((await shop.query('SELECT 1 FROM import_sessions')).length, 1);
  });

  it('stops when it is told to and says so', async () => {
    const shop = await databases.create();
    const before = await rowVersions(shop);
    const stop = new AbortController();
    await assert.rejects(
      load(shop, exchange, { signal: stop.signal, onProgress: () => stop.abort() }),
      (error) => error instanceof OnecImportError && error.reason === 'import-aborted',
    );
    assert.deepEqual(await rowVersions(shop), before);
  });

  it('prints its result as JSON and appends every warning to the log', async () => {
    const shop = await databases.create();
    const log = path.join(fixtures.folder(), 'import.jsonl');
    const source = fixtures.write({ goods: [{ id: 'g1' }], offers: [{ id: 'lost#a' }, { id: 'lost#b' }] });
    const { code, stdout } = await ended(
      command(shop, ['import-products-from-1c', source, '--json', '--log', log]),
    );
    assert.equal(code, 0);
    const { durationMs, ...result } = JSON.parse(stdout) as Record<string, unknown>;
    assert.ok(typeof durationMs === 'number');
    assert.deepEqual(result, {
      command: 'import-products-from-1c',
      ok: true,
      session: 1,
      products: 1,
      variants: 1,
      defaultVariants: 1,
      deactivated: 0,
      skippedOrphans: 2,
      warnings: { 'orphan-offer': 2 },
    });
    const lines = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { subject: string });
    assert.deepEqual(lines.map(({ subject }) => subject).sort(), ['lost#a', 'lost#b']);
  });
});

function pick(all: Record<string, string>, names: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

function command(shop: ShopDatabase, argv: readonly string[]): ChildProcess {
  return spawn(process.execPath, [BIN, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...shop.environment },
  });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

/** Kills the process with SIGKILL as soon as it says that it has come to `moment`. */
async function killAt(child: ChildProcess, moment: string): Promise<void> {
  assert.ok(child.stderr);
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  for await (const line of createInterface(child.stderr)) {
    if (line.includes(moment)) {
      child.kill('SIGKILL');
      break;
    }
  }
  await gone;
}
