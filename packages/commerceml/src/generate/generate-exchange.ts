import { mkdir } from 'node:fs/promises';
import type { Layout } from './documents.ts';
import { directoryWriters, flatWriters, type GenerateSettings } from './exchange-writers.ts';
import { type EmittedCounts, GoodEmitter } from './good-emitter.ts';
import { planGood, planGroups } from './plan.ts';
import { PRICE_TYPES } from './vocabulary.ts';

/** What to generate. */
export interface GenerateOptions {
  /** Goods; one in ten has no offers. */
  readonly goods: number;
  /** Mean offers a good (default 5): with goods divisible by ten the total is exactly goods × this. */
  readonly offersPerGood?: number | undefined;
  /** Same seed, same bytes (default 1). */
  readonly seed?: number | undefined;
  readonly layout?: Layout | undefined;
  /** `СодержитТолькоИзменения="false"` (default); false makes a changes-only export. */
  readonly full?: boolean | undefined;
  /** `ДатаФормирования` (default 2025-11-26T10:00:00). */
  readonly formedAt?: string | undefined;
  /** Characteristics an offer that say nothing: the real export has 14 (4,300 characters an offer), default 4. */
  readonly packaging?: number | undefined;
  /** Records a portion file (default 1,000, more for large exchanges). */
  readonly portion?: number | undefined;
  /** Orphan offers, and prices and rests of unknown keys: so many of each (default goods / 100, at least 2). */
  readonly strays?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the generator knows to be in the exchange: the fields of `inspect`, and the size. */
export interface GeneratedTruth {
  readonly schema: string;
  readonly full: boolean;
  readonly groups: number;
  readonly goods: number;
  readonly goodsDeleted: number;
  readonly offers: number;
  readonly offersWithCharacteristic: number;
  readonly offersOrphaned: number;
  readonly goodsWithoutOffer: number;
  readonly priceTypes: number;
  readonly prices: number;
  readonly pricesSum: string;
  readonly rests: number;
  readonly stockTotal: string;
  readonly files: number;
  readonly bytes: number;
}

/**
 * Writes a deterministic sports-shop exchange with the shapes and the defects of a real one: colours in names,
 * sizes in characteristics or parentheses, duplicate brands, goods without offers, orphans, deleted goods,
 * NBSP sentinels, HTML, padded texts, ё beside е, negative stock, prices of unknown keys. Streams to disk, so the size
 * is bounded by the disk only. Existing files of the same names are overwritten; others are left.
 *
 * @returns what was written, for tests to compare.
 * @throws RangeError for impossible sizes; file system errors as they come.
 * @example const truth = await generateExchange('/tmp/exchange', { goods: 1000, offersPerGood: 10 });
 */
export async function generateExchange(dir: string, options: GenerateOptions): Promise<GeneratedTruth> {
  const settings = resolveOptions(options);
  const { frame } = settings;
  await mkdir(dir, { recursive: true });
  const groups = planGroups(frame.seed);
  const counts: EmittedCounts = {
    goodsDeleted: 0,
    offers: 0,
    offersWithCharacteristic: 0,
    offersOrphaned: 0,
    goodsWithoutOffer: 0,
    prices: 0,
    rests: 0,
    stock: 0,
  };
  const writers =
    frame.layout === '3.1'
      ? await directoryWriters(dir, settings, groups.root)
      : flatWriters(dir, settings, groups.root);
  const emitter = new GoodEmitter(settings, writers, counts);
  try {
    for (let index = 0; index < settings.goods; index += 1) {
      if (index % 1000 === 0) options.signal?.throwIfAborted();
      await emitter.emit(planGood(index, groups.idByName, settings.plan));
    }
    await emitter.emitStrays(settings.strays);
    for (const writer of writers.all) await writer.end();
  } finally {
    for (const writer of writers.all) await writer.abandon();
  }
  return {
    schema: frame.layout,
    full: frame.full,
    groups: groups.count,
    goods: settings.goods,
    goodsDeleted: counts.goodsDeleted,
    offers: counts.offers,
    offersWithCharacteristic: counts.offersWithCharacteristic,
    offersOrphaned: counts.offersOrphaned,
    goodsWithoutOffer: counts.goodsWithoutOffer,
    priceTypes: PRICE_TYPES.length,
    prices: counts.prices,
    pricesSum: emitter.sum.toString(),
    rests: counts.rests,
    stockTotal: String(counts.stock),
    files: writers.extraFiles + writers.all.reduce((sum, writer) => sum + writer.files, 0),
    bytes: writers.extraBytes + writers.all.reduce((sum, writer) => sum + writer.bytes, 0),
  };
}

function resolveOptions(options: GenerateOptions): GenerateSettings {
  const { goods, offersPerGood = 5, seed = 1, layout = '3.1', full = true } = options;
  if (!Number.isSafeInteger(goods) || goods < 0 || goods > 100_000_000) {
    throw new RangeError(`goods is ${goods}, expected a whole number from 0 to 100,000,000`);
  }
  if (!(offersPerGood >= 0 && offersPerGood <= 10_000)) {
    throw new RangeError(`offersPerGood is ${offersPerGood}, expected 0 to 10,000`);
  }
  const largest = goods * Math.max(1, offersPerGood);
  return {
    goods,
    strays: options.strays ?? Math.min(1000, Math.max(2, Math.floor(goods / 100))),
    portion: options.portion ?? Math.max(1000, Math.ceil(largest / 40)),
    frame: { layout, seed, full, formedAt: options.formedAt ?? '2025-11-26T10:00:00' },
    plan: { seed, offersPerGood, packaging: options.packaging ?? 4 },
  };
}
