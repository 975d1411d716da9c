import type { CommerceMlRecord, DocumentRecord, Origin, WarningCode, WarningRecord } from '../records.ts';

type Warn = (code: WarningCode, origin: Origin, message: string, subject: string) => void;

const BATCH_WARNINGS = 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

/** References that were not known when they were seen, with the place of the first one. */
class Unresolved {
  readonly #first = new Map<string, { readonly origin: Origin; rows: number }>();

  add(id: string, origin: Origin): void {
    const known = this.#first.get(id);
    if (known === undefined) this.#first.set(id, { origin, rows: 1 });
    else known.rows += 1;
  }

  entries(): IterableIterator<[string, { readonly origin: Origin; readonly rows: number }]> {
    return this.#first.entries();
  }
}

/**
 * Defects that only show between records: orphans, duplicates, unknown references. Holds ids, never records:
 * about 100 bytes an id. An importer that stages into a database asks SQL instead and switches this off.
 *
 * @example
 * const checks = new CrossChecks();
 * for await (const records of readExchangeBatches(dir, { crossChecks: false })) checks.see(records);
 * for (const warnings of checks.finish()) report(warnings);
 */
export class CrossChecks {
  readonly #goods = new Set<string>();
  readonly #goodOrigins = new Map<string, Origin>();
  readonly #goodsWithOffer = new Set<string>();
  readonly #offers = new Set<string>();
  readonly #groups = new Set<string>();
  readonly #properties = new Set<string>();
  readonly #priceTypes = new Set<string>();
  readonly #articles = new Map<string, string>();
  readonly #orphans: { readonly id: string; readonly goodId: string; readonly origin: Origin }[] = [];
  readonly #pricesOfUnknown = new Unresolved();
  readonly #restsOfUnknown = new Unresolved();
  readonly #unknownGroups = new Unresolved();
  readonly #unknownProperties = new Unresolved();
  readonly #unknownPriceTypes = new Unresolved();
  readonly #early: WarningRecord[] = [];
  #document: DocumentRecord | undefined;
  readonly #dates: { readonly at: number; readonly text: string; readonly origin: Origin }[] = [];

  /** Takes note of records; they are not kept. */
  see(records: readonly CommerceMlRecord[]): void {
    for (const record of records) this.#see(record);
  }

  #see(record: CommerceMlRecord): void {
    switch (record.kind) {
      case 'price':
        if (!this.#isKey(record.offerId)) this.#pricesOfUnknown.add(record.offerId, record.origin);
        if (!this.#priceTypes.has(record.priceTypeId)) {
          this.#unknownPriceTypes.add(record.priceTypeId, record.origin);
        }
        break;
      case 'rest':
        if (!this.#isKey(record.offerId)) this.#restsOfUnknown.add(record.offerId, record.origin);
        break;
      case 'offer':
        if (this.#offers.has(record.id)) this.#duplicate('offer', record.id, record.origin);
        this.#offers.add(record.id);
        this.#goodsWithOffer.add(record.goodId);
        if (!this.#goods.has(record.goodId)) {
          this.#orphans.push({ id: record.id, goodId: record.goodId, origin: record.origin });
        }
        for (const ref of record.properties) this.#seeProperty(ref.id, record.origin);
        break;
      case 'good':
        this.#seeGood(record);
        break;
      case 'group':
        if (this.#groups.has(record.id)) this.#duplicate('group', record.id, record.origin);
        this.#groups.add(record.id);
        break;
      case 'property':
        // The same dictionary comes with every portion: a repeated property is no defect.
        this.#properties.add(record.id);
        break;
      case 'priceType':
        this.#priceTypes.add(record.id);
        break;
      case 'document':
        this.#document = record;
        break;
      case 'section':
        // Only now: orders of another day may lie beside a catalogue.
        if (this.#document !== undefined) this.#seeDate(this.#document.formedAt, this.#document.origin);
        this.#document = undefined;
        break;
      default:
        break;
    }
  }

  #seeGood(good: CommerceMlRecord & { kind: 'good' }): void {
    const { id, origin, article } = good;
    if (this.#goods.has(id)) this.#duplicate('good', id, origin);
    this.#goods.add(id);
    this.#goodOrigins.set(id, origin);
    for (const group of good.groupIds) if (!this.#groups.has(group)) this.#unknownGroups.add(group, origin);
    for (const ref of good.properties) this.#seeProperty(ref.id, origin);
    if (article === undefined) return;
    const first = this.#articles.get(article);
    if (first === undefined) this.#articles.set(article, id);
    else if (first !== id) {
      this.#warn(
        'duplicate-article',
        origin,
        `the article ${JSON.stringify(article)} is also that of ${first}`,
        id,
      );
    }
  }

  #seeProperty(id: string, origin: Origin): void {
    if (!this.#properties.has(id)) this.#unknownProperties.add(id, origin);
  }

  /** What a price or a rest may refer to: an offer, or a good (which then has one default variant). */
  #isKey(id: string): boolean {
    return this.#offers.has(id) || this.#goods.has(id);
  }

  #duplicate(kind: string, id: string, origin: Origin): void {
    this.#warn('duplicate-id', origin, `a second ${kind} with this Ид`, id);
  }

  #warn: Warn = (code, origin, message, subject) => {
    this.#early.push({ kind: 'warning', origin, code, message, subject });
  };

  #seeDate(text: string | undefined, origin: Origin): void {
    const at = text === undefined ? Number.NaN : Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
    if (text !== undefined && !Number.isNaN(at)) this.#dates.push({ at, text, origin });
  }

  /** The warnings that are certain already (duplicates), since the last call: they are not held to the end. */
  take(): WarningRecord[] {
    return this.#early.splice(0);
  }

  /** The other warnings, in batches. References are judged now, since a file may hold them in any order. */
  *finish(): Generator<WarningRecord[], void, undefined> {
    let batch: WarningRecord[] = this.#early.splice(0);
    for (const warning of this.#late()) {
      batch.push(warning);
      if (batch.length < BATCH_WARNINGS) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  *#late(): Generator<WarningRecord> {
    for (const { id, goodId, origin } of this.#orphans) {
      if (!this.#goods.has(goodId) && !this.#goods.has(id)) {
        yield warning('orphan-offer', origin, `its good ${goodId} is not in the exchange`, id);
      }
    }
    for (const [id, origin] of this.#goodOrigins) {
      // A classic good `good#characteristic` has the offer of the same key.
      if (!this.#goodsWithOffer.has(id) && !this.#offers.has(id))
        yield warning('good-without-offer', origin, 'no Предложение of this good', id);
    }
    for (const [id, { origin, rows }] of this.#pricesOfUnknown.entries()) {
      if (!this.#isKey(id))
        yield warning('unknown-offer-price', origin, `${rows} prices of no known offer or good`, id);
    }
    for (const [id, { origin, rows }] of this.#restsOfUnknown.entries()) {
      if (!this.#isKey(id))
        yield warning('unknown-offer-rest', origin, `${rows} rests of no known offer or good`, id);
    }
    for (const [id, { origin, rows }] of this.#unknownGroups.entries()) {
      if (!this.#groups.has(id))
        yield warning('unknown-group', origin, `${rows} goods are in a group that is not given`, id);
    }
    for (const [id, { origin, rows }] of this.#unknownProperties.entries()) {
      if (!this.#properties.has(id))
        yield warning('unknown-property', origin, `${rows} values of a property that is not given`, id);
    }
    for (const [id, { origin, rows }] of this.#unknownPriceTypes.entries()) {
      if (!this.#priceTypes.has(id))
        yield warning('unknown-price-type', origin, `${rows} prices of a type that is not given`, id);
    }
    yield* this.#mixedDates();
  }

  /** File names carry a new uuid on every export, so old files stay in the folder beside new ones. */
  *#mixedDates(): Generator<WarningRecord> {
    const sorted = this.#dates.toSorted((a, b) => a.at - b.at);
    const oldest = sorted[0];
    const newest = sorted[sorted.length - 1];
    if (oldest === undefined || newest === undefined || newest.at - oldest.at <= DAY_MS) return;
    const message = `formed at ${oldest.text}, but ${newest.origin.file} at ${newest.text}: two exports are mixed`;
    yield warning('mixed-exchange-dates', oldest.origin, message, undefined);
  }
}

function warning(
  code: WarningCode,
  origin: Origin,
  message: string,
  subject: string | undefined,
): WarningRecord {
  return { kind: 'warning', origin, code, message, subject };
}
