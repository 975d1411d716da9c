/**
 * Our reader beside every XML parser of npm that people use for CommerceML, and beside libxml2, in one run on the
 * same generated files. Ratios of one run are comparable; megabytes a second of different runs are not.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { generateExchange } from 'commerceml/generate';
import type { Bar } from './bar.ts';
import { installNodeExpat } from './install-node-expat.ts';
import { CONTESTANTS, type Contestant, type SeenRows } from './parser-contestants.ts';

/** What one contestant did; `failure` says why it did not. */
export interface ParserResult {
  readonly name: string;
  readonly kind: Contestant['kind'];
  readonly files: 'large' | 'slice';
  readonly mbPerSecond: number | undefined;
  readonly rssMb: number | undefined;
  /** Rows that it lost (or invented) against the generator's own count. */
  readonly missingRows: number | undefined;
  readonly failure: string | undefined;
}

/** What a run of the benchmark gives. */
export interface ParserBench {
  readonly bars: readonly Bar[];
  readonly results: readonly ParserResult[];
  readonly megabytes: number;
}

interface Input {
  readonly files: readonly string[];
  readonly bytes: number;
  readonly rows: SeenRows;
}

const RUNS = 3;
/** A contestant that needs longer than this for its runs has failed. */
const DEADLINE_MS = 300_000;

/**
 * Generates an exchange, lets every contestant read its prices and offers, returns bars and a table.
 *
 * @example const { bars } = await benchParser({ goods: 2000, offersPerGood: 10 });
 */
export async function benchParser({
  goods,
  offersPerGood,
}: {
  goods: number;
  offersPerGood: number;
}): Promise<ParserBench> {
  // Without it the others are measured all the same, and the table says what is missing.
  await installNodeExpat().catch((error: Error) => process.stderr.write(`node-expat: ${error.message}\n`));
  const dir = await mkdtemp(path.join(tmpdir(), 'bench-parser-'));
  try {
    const large = await largeInput(path.join(dir, 'large'), goods, offersPerGood);
    const slice = await sliceInput(
      path.join(dir, 'slice'),
      Math.max(10, Math.round(goods / 20)),
      offersPerGood,
    );
    const results: ParserResult[] = [];
    for (const contestant of CONTESTANTS) {
      if (contestant.slow !== true) results.push(await measure(contestant, 'large', large));
      // Ours also reads the slice, so that the slow ones are compared on their own files.
      if (contestant.slow === true || contestant === CONTESTANTS[0])
        results.push(await measure(contestant, 'slice', slice));
    }
    return { bars: barsOf(results), results, megabytes: Math.round(large.bytes / 1e6) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function largeInput(dir: string, goods: number, offersPerGood: number): Promise<Input> {
  const truth = await generateExchange(dir, {
    goods,
    offersPerGood,
    strays: 0,
    portion: Number.MAX_SAFE_INTEGER,
  });
  const files = await Promise.all(
    ['offers', 'prices'].map(async (kind) =>
      path.join(dir, kind, (await readdir(path.join(dir, kind)))[0] ?? ''),
    ),
  );
  // The prices file has a Предложение for each offer and each good without offers.
  return {
    files,
    bytes: await bytesOf(files),
    rows: { offers: truth.offers * 2 + truth.goodsWithoutOffer, prices: truth.prices },
  };
}

/** 2.04, as `commerceml-parser` throws on 3.1 offers (it expects a БазоваяЕдиница in each). */
async function sliceInput(dir: string, goods: number, offersPerGood: number): Promise<Input> {
  const truth = await generateExchange(dir, { goods, offersPerGood, strays: 0, layout: '2.04' });
  const files = [path.join(dir, 'offers.xml')];
  return { files, bytes: await bytesOf(files), rows: { offers: truth.offers, prices: truth.prices } };
}

async function bytesOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function measure(
  contestant: Contestant,
  files: 'large' | 'slice',
  input: Input,
): Promise<ParserResult> {
  const about = { name: contestant.name, kind: contestant.kind, files };
  try {
    const { ms, rows, rssMb } = await runApart(contestant.name, input.files);
    const median = ms.toSorted((a, b) => a - b)[Math.floor(ms.length / 2)] ?? Number.NaN;
    return {
      ...about,
      mbPerSecond: Math.round((input.bytes / 1e3 / median) * 10) / 10,
      rssMb,
      missingRows:
        rows === undefined
          ? undefined
          : Math.abs(input.rows.offers - rows.offers) + Math.abs(input.rows.prices - rows.prices),
      failure: undefined,
    };
  } catch (error) {
    return {
      ...about,
      mbPerSecond: undefined,
      rssMb: undefined,
      missingRows: undefined,
      failure: reasonOf(error),
    };
  }
}

interface RunOutput {
  readonly ms: readonly number[];
  readonly rows: SeenRows | undefined;
  readonly rssMb: number;
}

async function runApart(name: string, files: readonly string[]): Promise<RunOutput> {
  const script = path.join(import.meta.dirname, 'parser-run.ts');
  const child = spawn(process.execPath, [script, name, String(RUNS), ...files], {
    timeout: DEADLINE_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  if (code !== 0) throw new Error(err.trim() === '' ? `ended with ${code}` : err);
  return JSON.parse(out) as RunOutput;
}

/** The line of a child's stack that says what happened. */
function reasonOf(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split('\n');
  return (lines.find((line) => /^\s*(?:\w*Error|Cannot)/.test(line)) ?? lines[0] ?? '').trim().slice(0, 200);
}

function barsOf(results: readonly ParserResult[]): Bar[] {
  const speed = (name: string, files: string): number | undefined =>
    results.find((one) => one.name === name && one.files === files)?.mbPerSecond;
  const ours = speed('commerceml (this)', 'large') ?? 0;
  const oursOnSlice = speed('commerceml (this)', 'slice') ?? 0;
  const general = results.filter(({ kind, mbPerSecond }) => kind === 'tokens' && mbPerSecond !== undefined);
  const fastest = general.toSorted((a, b) => (b.mbPerSecond ?? 0) - (a.mbPerSecond ?? 0))[0];
  const missing = results
    .filter(({ name }) => name === 'commerceml (this)')
    .reduce((sum, one) => sum + (one.missingRows ?? Number.NaN), 0);
  const bars = [
    atLeast(
      `typed records, times the tokens of the fastest general npm parser (${fastest?.name ?? 'none'})`,
      ours,
      fastest?.mbPerSecond,
      3,
    ),
    atLeast('typed records, times commerceml-parser', oursOnSlice, speed('commerceml-parser', 'slice'), 40),
    {
      name: 'rows lost by our reader',
      value: missing,
      unit: 'rows',
      limit: 0,
      direction: 'max' as const,
      holds: missing === 0,
    },
  ];
  const native = speed('xmllint --stream', 'large');
  return native === undefined
    ? bars
    : [...bars, atLeast('typed records, times xmllint --stream', ours, native, 1)];
}

function atLeast(name: string, ours: number, other: number | undefined, limit: number): Bar {
  const value = other === undefined ? 0 : Math.round((ours / other) * 100) / 100;
  return { name, value, unit: 'x', limit, direction: 'min', holds: value >= limit };
}

/** The results as lines for people. */
export function formatParserResults({ results, megabytes }: ParserBench): string {
  const lines = results.map(({ name, kind, files, mbPerSecond, rssMb, missingRows, failure }) =>
    failure === undefined
      ? `${name.padEnd(20)} ${kind.padEnd(7)} ${files.padEnd(6)} ${String(mbPerSecond).padStart(7)} MB/s ${String(rssMb).padStart(6)} MB RSS${missingRows === undefined || missingRows === 0 ? '' : `  LOST ${missingRows} ROWS`}`
      : `${name.padEnd(20)} ${kind.padEnd(7)} left out: ${failure}`,
  );
  return [`offers and prices, ${megabytes} MB; medians of ${RUNS}`, ...lines].join('\n');
}
