import type { ExchangeSource } from '../exchange/find-files.ts';
import { type ReadExchangeOptions, readExchangeBatches } from '../exchange/read-exchange.ts';
import type { CommerceMlRecord, WarningCode } from '../records.ts';
import { DecimalSum } from '../values/decimal.ts';

/** What an exchange holds. Counts are of rows in the files; sums are exact decimals without trailing zeros. */
export interface ExchangeSummary {
  /** `ВерсияСхемы` of the files with a catalogue, a classifier or offers; several, joined by `, `, where they differ. */
  readonly schema: string;
  /** No section says that it has changes only: what is absent may be taken for deleted. */
  readonly full: boolean;
  readonly groups: number;
  readonly goods: number;
  readonly goodsDeleted: number;
  readonly offers: number;
  readonly offersWithCharacteristic: number;
  readonly offersOrphaned: number;
  readonly goodsWithoutOffer: number;
  readonly priceTypes: number;
  /** Prices of offers; those inside goods are `pricesInGoods`. */
  readonly prices: number;
  readonly pricesSum: string;
  readonly rests: number;
  readonly stockTotal: string;
  readonly warnings: Readonly<Partial<Record<WarningCode, number>>>;
  readonly properties: number;
  readonly propertyValues: number;
  readonly warehouses: number;
  readonly units: number;
  readonly pricesInGoods: number;
  readonly restsInGoods: number;
  readonly files: number;
}

/** Counts records. Feed it all records of an exchange, cross checks included. */
export class ExchangeCounter {
  readonly #schemas = new Set<string>();
  /** That of the document being read; it counts with its first section, since orders may lie beside a catalogue. */
  #schema: string | undefined;
  readonly #counts = new Map<string, number>();
  readonly #warnings = new Map<WarningCode, number>();
  readonly #priceSum = new DecimalSum();
  readonly #stockSum = new DecimalSum();
  #full = true;

  see(record: CommerceMlRecord): void {
    switch (record.kind) {
      case 'warning':
        this.#warnings.set(record.code, (this.#warnings.get(record.code) ?? 0) + 1);
        break;
      case 'price':
        this.#count(record.holder === 'offer' ? 'price' : 'price in good');
        if (record.holder === 'offer') this.#priceSum.add(record.amount);
        break;
      case 'rest':
        this.#count(record.holder === 'offer' ? 'rest' : 'rest in good');
        if (record.holder === 'offer') this.#stockSum.add(record.quantity);
        break;
      case 'offer':
        this.#count('offer');
        if (record.characteristicId !== undefined) this.#count('offer with characteristic');
        break;
      case 'good':
        this.#count('good');
        if (record.deleted) this.#count('deleted good');
        break;
      case 'document':
        this.#count('document');
        this.#schema = record.schema ?? '';
        break;
      case 'section':
        this.#schemas.add(this.#schema ?? '');
        if (record.changesOnly === true) this.#full = false;
        break;
      default:
        this.#count(record.kind);
    }
  }

  summary(): ExchangeSummary {
    const count = (key: string): number => this.#counts.get(key) ?? 0;
    return {
      schema: this.#schemas.size === 0 ? (this.#schema ?? '') : [...this.#schemas].sort().join(', '),
      full: this.#full,
      groups: count('group'),
      goods: count('good'),
      goodsDeleted: count('deleted good'),
      offers: count('offer'),
      offersWithCharacteristic: count('offer with characteristic'),
      offersOrphaned: this.#warnings.get('orphan-offer') ?? 0,
      goodsWithoutOffer: this.#warnings.get('good-without-offer') ?? 0,
      priceTypes: count('priceType'),
      prices: count('price'),
      pricesSum: this.#priceSum.toString(),
      rests: count('rest'),
      stockTotal: this.#stockSum.toString(),
      warnings: Object.fromEntries([...this.#warnings].sort(([a], [b]) => (a < b ? -1 : 1))),
      properties: count('property'),
      propertyValues: count('propertyValue'),
      warehouses: count('warehouse'),
      units: count('unit'),
      pricesInGoods: count('price in good'),
      restsInGoods: count('rest in good'),
      files: count('document'),
    };
  }

  #count(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}

/**
 * Reads a whole exchange and says what it holds, its defects included.
 *
 * @throws CommerceMlError as `readExchangeBatches`: a broken exchange has no summary.
 * @example (await inspectExchange('/var/1c/exchange')).offersOrphaned
 */
export async function inspectExchange(
  source: ExchangeSource,
  options: ReadExchangeOptions = {},
): Promise<ExchangeSummary> {
  const counter = new ExchangeCounter();
  for await (const records of readExchangeBatches(source, { ...options, crossChecks: true })) {
    for (const record of records) counter.see(record);
  }
  return counter.summary();
}
