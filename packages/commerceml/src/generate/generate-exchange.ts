import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DecimalSum } from '../values/decimal.ts';
import * as D from './documents.ts';
import { ID, type PlannedGood, planGood, planGroups, plannedPrice, plannedStock } from './plan.ts';
import { PortionWriter } from './portion-writer.ts';
import { guid } from './random.ts';
import { PRICE_TYPES, WAREHOUSES } from './vocabulary.ts';

/** What to generate. */
export interface GenerateOptions {
  /** Goods; one in ten has no offers. */
  readonly goods: number;
  /** Mean offers a good (default 5): with goods divisible by ten the total is exactly goods × this. */
  readonly offersPerGood?: number | undefined;
  /** Same seed, same bytes (default 1). */
  readonly seed?: number | undefined;
  readonly layout?: D.Layout | undefined;
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

interface Counts {
  goodsDeleted: number;
  offers: number;
  offersWithCharacteristic: number;
  offersOrphaned: number;
  goodsWithoutOffer: number;
  prices: number;
  rests: number;
  stock: number;
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
  const counts: Counts = {
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

interface Settings {
  readonly goods: number;
  readonly strays: number;
  readonly portion: number;
  readonly frame: D.DocumentFrame;
  readonly plan: { readonly seed: number; readonly offersPerGood: number; readonly packaging: number };
}

function resolveOptions(options: GenerateOptions): Settings {
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

interface Writers {
  readonly goods: PortionWriter;
  readonly offers: PortionWriter;
  /** The same as `offers` where the layout keeps prices and rests inside the offers. */
  readonly prices: PortionWriter | undefined;
  readonly rests: PortionWriter | undefined;
  readonly all: readonly PortionWriter[];
  readonly extraFiles: number;
  readonly extraBytes: number;
}

async function directoryWriters(
  dir: string,
  { frame, portion }: Settings,
  root: ReturnType<typeof planGroups>['root'],
): Promise<Writers> {
  const { seed } = frame;
  const goodsProperties = D.goodsPropertiesXml(seed);
  const documents: [string, number, string][] = [
    ['groups', 1, `\t\t<Группы>\n${D.groupsXml(root)}\t\t</Группы>\n`],
    ['priceLists', 1, D.priceTypesXml(seed)],
    ['storages', 1, D.warehousesXml(seed)],
    ['units', 1, D.unitsXml()],
    // The brand dictionary comes with every portion, as in the real export.
    ['propertiesGoods', 1, goodsProperties],
    ['propertiesGoods', 2, goodsProperties],
    ['propertiesOffers', 1, D.offersPropertiesXml(seed)],
  ];
  let extraBytes = 0;
  for (const [kind, number, body] of documents) {
    const bytes = Buffer.from(`\ufeff${D.classifierDocument(frame, body)}`, 'utf8');
    extraBytes += bytes.length;
    await mkdir(path.join(dir, kind), { recursive: true });
    await writeFile(path.join(dir, kind, portionName(seed, kind, number)), bytes);
  }
  const writer = (kind: string, envelope: D.Envelope): PortionWriter =>
    new PortionWriter({
      folder: path.join(dir, kind),
      fileName: (number) => portionName(seed, kind, number),
      ...envelope,
      recordsMax: portion,
    });
  const goods = writer('goods', D.goodsEnvelope(frame));
  const [offers, prices, rests] = ['offers', 'prices', 'rests'].map((kind) =>
    writer(kind, D.offersEnvelope(frame)),
  );
  if (offers === undefined || prices === undefined || rests === undefined)
    throw new RangeError('unreachable');
  return {
    goods,
    offers,
    prices,
    rests,
    all: [goods, offers, prices, rests],
    extraFiles: documents.length,
    extraBytes,
  };
}

function flatWriters(dir: string, { frame }: Settings, root: ReturnType<typeof planGroups>['root']): Writers {
  const { seed } = frame;
  const reference = D.classifier(
    frame,
    `\t\t<Группы>\n${D.groupsXml(root)}\t\t</Группы>\n${D.allPropertiesXml(seed)}`,
  );
  const writer = (name: string, envelope: D.Envelope): PortionWriter =>
    new PortionWriter({
      folder: dir,
      fileName: () => name,
      ...envelope,
      recordsMax: Number.POSITIVE_INFINITY,
    });
  const goods = writer('import.xml', D.goodsEnvelope(frame, reference));
  const offers = writer('offers.xml', D.offersEnvelope(frame, D.priceTypesXml(seed)));
  return {
    goods,
    offers,
    prices: undefined,
    rests: undefined,
    all: [goods, offers],
    extraFiles: 0,
    extraBytes: 0,
  };
}

function portionName(seed: number, kind: string, number: number): string {
  return `${kind}_1_${number}_${guid(seed, ID.file, kind.length * 1000 + number)}.xml`;
}

/** Writes goods with their offers, prices and rests, and counts them. */
class GoodEmitter {
  readonly sum = new DecimalSum();
  readonly #settings: Settings;
  readonly #writers: Writers;
  readonly #counts: Counts;
  readonly #priceTypeIds: readonly string[];
  readonly #warehouseIds: readonly string[];

  constructor(settings: Settings, writers: Writers, counts: Counts) {
    this.#settings = settings;
    this.#writers = writers;
    this.#counts = counts;
    const { seed } = settings.frame;
    this.#priceTypeIds = PRICE_TYPES.map((_, i) => guid(seed, ID.priceType, i));
    this.#warehouseIds = WAREHOUSES.map((_, i) => guid(seed, ID.warehouse, i));
  }

  async emit(good: PlannedGood): Promise<void> {
    const counts = this.#counts;
    await add(this.#writers.goods, D.goodXml(good, this.#settings.frame));
    if (good.deleted) counts.goodsDeleted += 1;
    if (good.offers.length === 0) await this.#emitBare(good);
    for (const [n, offer] of good.offers.entries()) {
      counts.offers += 1;
      counts.offersWithCharacteristic += 1;
      await this.#emitOffer(good, n, offer.id, (inner) => D.offerXml(offer, this.#settings.frame, inner));
    }
  }

  /** A good without characteristics: in 3.1 it only has prices and rests, in 2.04 mostly an offer of its own. */
  async #emitBare(good: PlannedGood): Promise<void> {
    const counts = this.#counts;
    if (this.#settings.frame.layout === '3.1' || good.index % 30 === 29) {
      counts.goodsWithoutOffer += 1;
      if (this.#settings.frame.layout === '3.1') await this.#emitOffer(good, 0, good.id, undefined);
      return;
    }
    counts.offers += 1;
    const offer = { id: good.id, name: good.name, characteristics: [] };
    await this.#emitOffer(good, 0, good.id, (inner) => D.offerXml(offer, this.#settings.frame, inner));
  }

  /** Offers of goods that are not in the exchange, and prices and rests of keys that nobody knows. */
  async emitStrays(strays: number): Promise<void> {
    const { seed } = this.#settings.frame;
    const groups = new Map<string, string>();
    for (let i = 0; i < strays; i += 1) {
      const good = planGood(1_000_000_000 + i * 10, groups, { ...this.#settings.plan, offersPerGood: 1 });
      const orphan = good.offers[0];
      if (orphan === undefined) continue;
      this.#counts.offers += 1;
      this.#counts.offersWithCharacteristic += 1;
      this.#counts.offersOrphaned += 1;
      await this.#emitOffer(good, 0, orphan.id, (inner) => D.offerXml(orphan, this.#settings.frame, inner));
      if (this.#settings.frame.layout !== '3.1') continue;
      const unknown = `${guid(seed, ID.orphan, i)}#${guid(seed, ID.orphan, 500_000 + i)}`;
      await this.#emitOffer(good, 1, unknown, undefined);
    }
  }

  async #emitOffer(
    good: PlannedGood,
    n: number,
    key: string,
    offer: ((inner: string) => string) | undefined,
  ): Promise<void> {
    const { prices, rests, offers } = this.#writers;
    const pricesXml = this.#prices(good, n);
    const stocks = WAREHOUSES.map((_, i) => plannedStock(good, n, i));
    if (prices !== undefined && rests !== undefined) {
      if (offer !== undefined) await add(offers, offer(''));
      await add(prices, D.keyedXml(key, pricesXml));
      await add(rests, D.keyedXml(key, D.restsXml(stocks, this.#warehouseIds)));
      for (const stock of stocks) this.#counts.stock += stock;
      this.#counts.rests += stocks.length;
      return;
    }
    // 2.04 knows one total, and leaves it out when it is zero.
    const total = stocks.reduce((sum, stock) => sum + stock, 0);
    const quantity = total === 0 ? '' : `\t\t\t\t<Количество>${total}</Количество>\n`;
    if (total !== 0) this.#counts.rests += 1;
    this.#counts.stock += total;
    if (offer !== undefined) await add(offers, offer(pricesXml + quantity));
  }

  #prices(good: PlannedGood, n: number): string {
    const list: { typeId: string; amount: string }[] = [];
    for (const [type, typeId] of this.#priceTypeIds.entries()) {
      const kopecks = plannedPrice(good, n, type);
      if (kopecks === undefined) continue;
      const amount = kopecks % 100 === 0 ? String(kopecks / 100) : (kopecks / 100).toFixed(2);
      list.push({ typeId, amount });
      this.sum.add(amount);
    }
    this.#counts.prices += list.length;
    return D.pricesXml(list, this.#settings.frame.layout);
  }
}

async function add(writer: PortionWriter, xml: string): Promise<void> {
  if (writer.add(xml)) await writer.drain();
}
