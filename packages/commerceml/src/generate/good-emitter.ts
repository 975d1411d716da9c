import { DecimalSum } from '../values/decimal.ts';
import * as D from './documents.ts';
import type { ExchangeWriters, GenerateSettings } from './exchange-writers.ts';
import { ID, type PlannedGood, planGood, plannedPrice, plannedStock } from './plan.ts';
import type { PortionWriter } from './portion-writer.ts';
import { guid } from './random.ts';
import { PRICE_TYPES, WAREHOUSES } from './vocabulary.ts';

/** What was written so far. */
export interface EmittedCounts {
  goodsDeleted: number;
  offers: number;
  offersWithCharacteristic: number;
  offersOrphaned: number;
  goodsWithoutOffer: number;
  prices: number;
  rests: number;
  stock: number;
}

/** Writes goods with their offers, prices and rests, and counts them. */
export class GoodEmitter {
  readonly sum = new DecimalSum();
  readonly #settings: GenerateSettings;
  readonly #writers: ExchangeWriters;
  readonly #counts: EmittedCounts;
  readonly #priceTypeIds: readonly string[];
  readonly #warehouseIds: readonly string[];

  constructor(settings: GenerateSettings, writers: ExchangeWriters, counts: EmittedCounts) {
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
