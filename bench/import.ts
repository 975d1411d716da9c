import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type GeneratedTruth, generateExchange } from 'commerceml/generate';
import { type Bar, bar } from './bar.ts';
import { type BareImport, bareImport } from './import-bare.ts';
import { type CommandRun, runImportCommand } from './import-command.ts';
import { ImportDatabases, type ImportTarget } from './import-database.ts';
import { originalSkusPerSecond } from './import-original.ts';

/** Offers of the exchange that memory is compared with, as a share of the large one. */
const SMALL_SHARE = 10;
/** First imports, each into a database of its own. The cluster is new, so the first of them also makes the files of the log. */
const ROUNDS = 3;
/** SKUs that are saved in the original's way. */
const ORIGINAL_SKUS = 2_000;
/**
 * Characteristics without meaning an offer. One makes an exchange of 5.1 GB for a million offers, which is the size that
 * the bars were set for; a real one has fourteen and four times the bytes of offers.
 */
const PACKAGING = 1;

/**
 * Imports a generated exchange into an empty 13.4 schema with its indexes, again, and beside it the same rows by raw
 * COPY and a bare merge, and a slice of them the way the original does it. `size` is the number of offers.
 *
 * @example await benchImport({ size: 100_000 });
 */
export async function benchImport(options: { readonly size?: number | undefined }): Promise<readonly Bar[]> {
  const size = options.size ?? 1_000_000;
  const root = await mkdtemp(path.join(tmpdir(), 'bench-import-'));
  const databases = await ImportDatabases.start();
  try {
    const large = path.join(root, 'large');
    const small = path.join(root, 'small');
    const truth = await generate(large, size);
    await generate(small, Math.max(1_000, size / SMALL_SHARE));
    await runImportCommand(await databases.create(), small);
    const smaller = await runImportCommand(await databases.create(), small);
    const rounds: { readonly target: ImportTarget; readonly run: CommandRun }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const target = await databases.create();
      const run = await runImportCommand(target, large);
      await assertImported(target, truth, run);
      say('first', run);
      rounds.push({ target, run });
    }
    const { target, run: first } = middleRound(rounds);
    const before = await touched(target);
    const second = await runImportCommand(target, large);
    const after = await touched(target);
    const again = await runImportCommand(target, large, ['--again']);
    const compared = await touched(target);
    const bare = await bareImport(await databases.create(), large);
    const original = await originalSkusPerSecond(await databases.create(), ORIGINAL_SKUS);
    say('second', second);
    say('second, compared row by row', again);
    process.stderr.write(
      `bare: COPY ${ms(bare.copyMs)} and merge ${ms(bare.mergeMs)}; original: ${Math.round(original)} SKU/s\n`,
    );
    return barsOf({ size, truth, rounds, first, smaller, second, bare, original, before, after, compared });
  } finally {
    await databases.stop();
    await rm(root, { recursive: true, force: true });
  }
}

/** What all runs gave, each beside what it is compared with. */
interface Measured {
  readonly size: number;
  readonly truth: GeneratedTruth;
  readonly rounds: readonly { readonly run: CommandRun }[];
  readonly first: CommandRun;
  readonly smaller: CommandRun;
  readonly second: CommandRun;
  readonly bare: BareImport;
  readonly original: number;
  readonly before: Touched;
  readonly after: Touched;
  readonly compared: Touched;
}

function barsOf(measured: Measured): readonly Bar[] {
  const { size, first, second, bare, before, after, compared } = measured;
  const perSecond = measured.truth.offers / (first.wallMs / 1000);
  return [
    bar({
      name: `${size} SKUs, all files, into an empty schema`,
      value: first.wallMs / 1000,
      unit: 's',
      limit: (35 * size) / 1_000_000,
      direction: 'max',
    }),
    bar({
      name: 'peak RSS of the Node process',
      value: Math.max(...measured.rounds.map(({ run }) => run.peakBytes)) / 1e6,
      unit: 'MB',
      limit: 200,
      direction: 'max',
    }),
    bar({
      name: `memory of ${size} against ${size / SMALL_SHARE} SKUs`,
      value: first.peakBytes / measured.smaller.peakBytes,
      unit: '×',
      limit: 1.15,
      direction: 'max',
    }),
    bar({
      name: 'against raw COPY and bare merge of the same rows',
      value: first.wallMs / (bare.copyMs + bare.mergeMs),
      unit: '×',
      limit: 2,
      direction: 'max',
    }),
    bar({
      name: "SKU/s against the original's read-then-save",
      value: perSecond / measured.original,
      unit: '×',
      limit: 40,
      direction: 'min',
    }),
    bar({
      name: 'second identical import against the first',
      value: second.wallMs / first.wallMs,
      unit: '×',
      limit: 0.4,
      direction: 'max',
    }),
    bar({
      name: 'rows touched by a second identical import',
      value: difference(before.versions, after.versions),
      unit: 'tables',
      limit: 0,
      direction: 'max',
    }),
    bar({
      name: 'rows touched when it is compared row by row',
      value: difference(before.versions, compared.versions),
      unit: 'tables',
      limit: 0,
      direction: 'max',
    }),
    bar({
      name: 'dead tuples after both',
      value: compared.deadShare * 100,
      unit: '%',
      limit: 1,
      direction: 'max',
    }),
  ];
}

function middleRound<T extends { readonly run: CommandRun }>(rounds: readonly T[]): T {
  const sorted = rounds.toSorted((a, b) => a.run.wallMs - b.run.wallMs);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

async function generate(directory: string, offers: number): Promise<GeneratedTruth> {
  return await generateExchange(directory, {
    goods: Math.round(offers / 10),
    offersPerGood: 10,
    packaging: PACKAGING,
  });
}

/** A fast import of the wrong rows is not fast. */
async function assertImported(target: ImportTarget, truth: GeneratedTruth, run: CommandRun): Promise<void> {
  const [row] = await target.query<{ products: number; offers: number; defaults: number }>(
    `SELECT (SELECT count(*)::int FROM products) AS products, count(*) FILTER (WHERE NOT is_default)::int AS offers,
       count(*) FILTER (WHERE is_default)::int AS defaults FROM product_variants`,
  );
  const expected = {
    products: truth.goods,
    offers: truth.offers - truth.offersOrphaned,
    defaults: truth.goodsWithoutOffer,
  };
  if (JSON.stringify(row) !== JSON.stringify(expected)) {
    throw new Error(
      `imported ${JSON.stringify(row)}, expected ${JSON.stringify(expected)}: ${run.stderr.slice(-500)}`,
    );
  }
}

const TABLES = [
  'products',
  'product_variants',
  'variant_stocks',
  'variant_prices',
  'product_properties',
  'sku_identities',
  'categories',
  'brands',
];

interface Touched {
  readonly versions: Readonly<Record<string, string>>;
  readonly deadShare: number;
}

/** Versions of the rows of every table and the share of dead tuples, from the rows themselves and the statistics. */
async function touched(target: ImportTarget): Promise<Touched> {
  const versions: Record<string, string> = {};
  for (const table of TABLES) {
    const [row] = await target.query<{ version: string }>(
      `SELECT count(*) || ' ' || coalesce(sum(xmin::text::int8), 0) || ' ' || (SELECT count(*) FROM ${table} WHERE xmax <> 0) AS version FROM ${table}`,
    );
    versions[table] = row?.version ?? '';
  }
  const [dead] = await target.query<{ share: number }>(
    `SELECT coalesce(sum(n_dead_tup) / nullif(sum(n_live_tup), 0), 0)::float8 AS share FROM pg_stat_user_tables WHERE relname = ANY ($1)`,
    [TABLES],
  );
  return { versions, deadShare: dead?.share ?? 0 };
}

function difference(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): number {
  return TABLES.filter((table) => a[table] !== b[table]).length;
}

function say(what: string, run: CommandRun): void {
  process.stderr.write(`${what}: ${ms(run.wallMs)}, peak ${(run.peakBytes / 1e6).toFixed(0)} MB\n`);
}

function ms(value: number): string {
  return `${(value / 1000).toFixed(1)} s`;
}
