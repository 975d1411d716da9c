import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { type Bar, bar } from './bar.ts';
import { ImportDatabases, type ImportTarget } from './import-database.ts';

const SHOP = path.join(import.meta.dirname, '..', 'packages', 'freesport', 'bin', 'freesport.ts');

const CLIENTS = 50;
const SECONDS = 10;
const WARM_UP_SECONDS = 3;
const START_MS_MAX = 30_000;
const P95_MS_MAX = 25;
const VARIANTS_PER_PRODUCT = 10;
/** The product that is asked for has as many variants as the story names. */
const VARIANTS_OF_ONE = 100;

/** What is asked of the shop: always the same page, or another one each time. */
interface Load {
  readonly name: string;
  /** The limit that is asked for; null for a figure that is only printed beside the others. */
  readonly limit: number | null;
  /** The path of the n-th request. */
  readonly path: (n: number) => string;
}

/**
 * Fifty clients at once against a shop with the reference catalogue, answers compared with what they must hold. Two
 * figures are asked for; the two printed beside them ask for another product or page each time, so that nobody takes
 * what a cache does for what the database does.
 *
 * @example const bars = await benchApi({ products: 10_000 });
 */
export async function benchApi({ products = 10_000 }: { products?: number } = {}): Promise<readonly Bar[]> {
  const databases = await ImportDatabases.start();
  let shop: { readonly process: ChildProcess; readonly origin: string } | undefined;
  try {
    const target = await databases.create();
    await fillCatalogue(target, products);
    shop = await serveShop(target);
    await requireWhole(shop.origin, products);
    const bars: Bar[] = [];
    for (const load of loadsOf(products)) {
      const p95 = await percentile95(shop.origin, load);
      if (load.limit !== null)
        bars.push(bar({ name: load.name, value: p95, unit: 'ms', limit: load.limit, direction: 'max' }));
    }
    return bars;
  } finally {
    await stop(shop?.process);
    await databases.stop();
  }
}

function loadsOf(products: number): readonly Load[] {
  const pages = Math.floor(products / 20);
  return [
    { name: 'product with 100 variants, p95', limit: P95_MS_MAX, path: () => '/api/products/hundred/' },
    { name: 'first page of the list, p95', limit: P95_MS_MAX, path: () => '/api/products/' },
    {
      name: 'the same product as a page of the storefront, p95',
      limit: null,
      path: () => '/product/hundred/',
    },
    {
      name: 'another product each time, p95',
      limit: null,
      path: (n) => `/api/products/good-${1 + ((n * 7919) % products)}/`,
    },
    {
      name: 'another page of the list each time, p95',
      limit: null,
      path: (n) => `/api/products/?page=${1 + ((n * 7919) % pages)}`,
    },
  ];
}

async function percentile95(origin: string, load: Load): Promise<number> {
  await cannon(origin, load, WARM_UP_SECONDS);
  const result = await cannon(origin, load, SECONDS);
  const failed = result.non2xx + result.errors + result.timeouts;
  console.error(
    `${load.name}: ${result.p95.toFixed(1)} ms; p50 ${result.latency.p50} ms, p97.5 ${result.latency.p97_5} ms, p99 ${result.latency.p99} ms, ${Math.round(result.requests.average)} requests/s, ${failed} failed`,
  );
  // An error is answered quickly: figures with errors in them are none.
  if (failed > 0) return Number.NaN;
  return result.p95;
}

/** autocannon has no p95 of its own: it is taken from the times of all answers. */
function cannon(
  origin: string,
  load: Load,
  seconds: number,
): Promise<autocannon.Result & { readonly p95: number }> {
  const times: number[] = [];
  let sent = 0;
  const options: autocannon.Options = {
    url: origin,
    connections: CLIENTS,
    duration: seconds,
    requests: [
      {
        setupRequest: (request) => {
          sent += 1;
          return { ...request, path: load.path(sent) };
        },
      },
    ],
  };
  return new Promise((resolve, reject) => {
    const run = autocannon(options, (error: Error | null, result) => {
      times.sort((a, b) => a - b);
      if (error !== null) reject(error);
      else resolve({ ...result, p95: times[Math.ceil(times.length * 0.95) - 1] ?? Number.NaN });
    });
    run.on('response', (_client, _status, _bytes, time) => times.push(time));
  });
}

async function fillCatalogue(target: ImportTarget, products: number): Promise<void> {
  const variants = products * VARIANTS_PER_PRODUCT;
  await target.query(
    `INSERT INTO categories (name, slug) SELECT 'Раздел ' || n, 'category-' || n FROM generate_series(1, 40) n`,
  );
  await target.query(
    `INSERT INTO brands (name, slug, normalized_name) SELECT 'Бренд ' || n, 'brand-' || n, 'бренд ' || n FROM generate_series(1, 60) n`,
  );
  await target.query(
    `INSERT INTO products (name, slug, description, onec_id, category_id, brand_id, is_active, base_images, specifications)
     SELECT 'Товар ' || n, CASE n WHEN $1::int + 1 THEN 'hundred' ELSE 'good-' || n END, repeat('Описание товара. ', 20), 'good-' || n,
       1 + n % 40, 1 + n % 60, true, '["goods/1.jpg"]', '{"Материал": "хлопок", "Страна": "Россия"}'
     FROM generate_series(1, $1::int + 1) n`,
    [products],
  );
  await target.query(
    `INSERT INTO sku_identities (id, onec_id, parent_onec_id, sku, name)
     SELECT n, 'sku-' || n, 'good-' || n, 'SKU-' || n, 'Вариант ' || n FROM generate_series(1, $1::int) n`,
    [variants + VARIANTS_OF_ONE],
  );
  await target.query(
    `INSERT INTO product_variants (product_id, sku_identity_id, sku, onec_id, name, color_name, size_value,
       retail_price, opt1_price, trainer_price, stock_quantity, main_image, gallery_images)
     SELECT CASE WHEN n > $1::int THEN $2::int + 1 ELSE 1 + (n - 1) / $3::int END, n, 'SKU-' || n, 'sku-' || n, 'Вариант ' || n,
       (ARRAY['Белый','Черный','Красный','Синий','Зеленый','Хаки'])[1 + n % 6], (36 + n % 12)::text,
       1000 + n % 9000, 900 + n % 9000, 800 + n % 9000, n % 7, 'variants/' || n || '.jpg', '["variants/a.jpg","variants/b.jpg"]'
     FROM generate_series(1, $4::int) n`,
    [variants, products, VARIANTS_PER_PRODUCT, variants + VARIANTS_OF_ONE],
  );
  await target.query('ANALYZE');
}

async function serveShop(
  target: ImportTarget,
): Promise<{ readonly process: ChildProcess; readonly origin: string }> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [SHOP, 'serve', '--port', String(port)], {
    env: { ...process.env, ...target.environment, FREESPORT_RELEASE: '13.4', FREESPORT_LOG_LEVEL: 'error' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const untilMs = Date.now() + START_MS_MAX;
  while (Date.now() < untilMs && child.exitCode === null) {
    const answer = await fetch(`${origin}/api/categories/`).catch(() => undefined);
    if (answer?.ok === true) return { process: child, origin };
    await sleep(100);
  }
  await stop(child);
  throw new Error(`the shop did not answer within ${START_MS_MAX} ms (exit ${child.exitCode})`);
}

/** A fast answer must be the whole answer. */
async function requireWhole(origin: string, products: number): Promise<void> {
  const detail = (await (await fetch(`${origin}/api/products/hundred/`)).json()) as { variants: unknown[] };
  const list = (await (await fetch(`${origin}/api/products/`)).json()) as {
    count: number;
    results: unknown[];
  };
  const seen = `${detail.variants.length} variants, ${list.count} products, ${list.results.length} on a page`;
  if (detail.variants.length !== VARIANTS_OF_ONE || list.count !== products + 1 || list.results.length !== 20)
    throw new Error(`the shop answers with ${seen}; expected 100, ${products + 1} and 20`);
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([ended, sleep(20_000)]);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
