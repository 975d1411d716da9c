import type {
  Characteristic,
  CommerceMlRecord,
  Origin,
  PriceRecord,
  PropertyRef,
  Requisite,
} from '../records.ts';
import { parseDecimal } from '../values/decimal.ts';
import { NIL_GUID } from '../values/empty-marker.ts';
import type { DataWarnings } from './data-warnings.ts';
import { checkItemTexts, goodRecord, offerRecord } from './item-records.ts';
import { ItemStock } from './item-stock.ts';

type Holder = 'offer' | 'good';
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const BOOLEAN = /^\s*(?:да|нет|true|false)\s*$/i;
const NOWHERE: Origin = { file: '', offset: 0 };

/**
 * Collects one `Товар` or `Предложение` and turns it into records at its end tag: the order of the children is
 * not fixed, and an offer must come before its prices and rests. Fields are public because the document reader
 * assigns them straight from the end tags; they mean nothing outside of it.
 */
export class ItemBuilder {
  holder: Holder = 'good';
  origin: Origin = NOWHERE;
  id = '';
  /** `ИдХарактеристики`: some write it beside the id of the good instead of after its `#`. */
  characteristicId = '';
  name: string | undefined;
  article: string | undefined;
  barcode: string | undefined;
  description: string | undefined;
  unit: string | undefined;
  vat: string | undefined;
  deleted = false;
  /** Something was seen that only a description of the offer has: not just its price or stock. */
  described = false;
  makerId: string | undefined;
  makerName: string | undefined;
  taxName = '';
  taxRate = '';
  groupIds: string[] = [];
  images: string[] = [];
  properties: PropertyRef[] = [];
  requisites: Requisite[] = [];
  characteristics: Characteristic[] = [];
  refId = '';
  readonly refValues: string[] = [];
  pairName = '';
  readonly pairValues: string[] = [];
  priceOrigin: Origin = NOWHERE;
  priceTypeId = '';
  priceAmount = '';
  priceCurrency: string | undefined;
  priceMinQuantity: string | undefined;
  /** Its stock, in whatever shape. */
  readonly stock: ItemStock;
  hadPricesOrRests = false;
  /** Made as records at once; `offerId` is filled in at the end where `Ид` comes after them. */
  #prices: Mutable<PriceRecord>[] = [];
  readonly #emit: (record: CommerceMlRecord) => void;
  readonly #warnings: DataWarnings;

  constructor(emit: (record: CommerceMlRecord) => void, warnings: DataWarnings) {
    this.#emit = emit;
    this.#warnings = warnings;
    this.stock = new ItemStock(this, warnings);
  }

  start(holder: Holder, origin: Origin): void {
    this.holder = holder;
    this.origin = origin;
    this.id = '';
    this.characteristicId = '';
    this.name = undefined;
    this.article = undefined;
    this.barcode = undefined;
    this.description = undefined;
    this.unit = undefined;
    this.vat = undefined;
    this.deleted = false;
    this.described = false;
    this.makerId = undefined;
    this.makerName = undefined;
    // New lists every time, empty ones too: the record before may have been handed out with these.
    this.groupIds = [];
    this.images = [];
    this.properties = [];
    this.requisites = [];
    this.characteristics = [];
    this.hadPricesOrRests = false;
    this.#prices.length = 0;
    this.stock.start();
  }

  startPrice(origin: Origin): void {
    this.hadPricesOrRests = true;
    this.priceOrigin = origin;
    this.priceTypeId = '';
    this.priceAmount = '';
    this.priceCurrency = undefined;
    this.priceMinQuantity = undefined;
  }

  endPrice(): void {
    const origin = this.priceOrigin;
    const decimal = parseDecimal(this.priceAmount);
    const from = this.priceMinQuantity?.trim() ?? '';
    const minQuantity = from === '' ? undefined : parseDecimal(from)?.text;
    if (decimal === undefined || (from !== '' && minQuantity === undefined)) {
      const seen = JSON.stringify(decimal === undefined ? this.priceAmount : from);
      this.#warnings.add('bad-decimal', origin, `a price of or from ${seen}, no decimal: dropped`, this.id);
      return;
    }
    const priceTypeId = this.#warnings.id(this.priceTypeId, 'the ИдТипаЦены', origin, this.id);
    if (priceTypeId === '') {
      this.#warnings.add('missing-id', origin, 'a price without ИдТипаЦены: price dropped', this.id);
      return;
    }
    if (decimal.hadComma && this.#warnings.details) {
      this.#warnings.add('decimal-comma', origin, `a price with a comma: ${this.priceAmount}`, this.id);
    }
    this.#prices.push({
      kind: 'price',
      origin,
      offerId: this.id,
      priceTypeId,
      amount: decimal.text,
      currency: this.priceCurrency,
      minQuantity,
      holder: this.holder,
    });
  }

  addGroupId(text: string): void {
    const id = this.#warnings.id(text, 'the Ид of a group', this.origin, this.id);
    if (id !== '') this.groupIds.push(id);
  }

  /** The id may follow the value, and a value may be repeated, so the pairs are made at the end tag. */
  endRef(): void {
    const id = this.#warnings.id(this.refId, 'the Ид of a property', this.origin, this.id);
    for (const value of this.refValues) this.properties.push({ id, value });
    if (this.refValues.length === 0) this.properties.push({ id, value: '' });
  }

  endRequisite(): void {
    for (const value of this.pairValues) this.requisites.push({ name: this.pairName, value });
    if (this.pairValues.length === 0) this.requisites.push({ name: this.pairName, value: '' });
  }

  endCharacteristic(): void {
    for (const value of this.pairValues) this.#addCharacteristic(this.pairName, value);
    if (this.pairValues.length === 0) this.#addCharacteristic(this.pairName, '');
  }

  #addCharacteristic(name: string, value: string): void {
    this.characteristics.push({ name, value });
    const warnings = this.#warnings;
    if (!warnings.details) return;
    if (value.length === 0 || value.trim() === '') {
      warnings.add('empty-characteristic', this.origin, `the characteristic ${name} is empty`, this.id);
      return;
    }
    warnings.padded(value, `the characteristic ${name}`, this.origin, this.id);
    warnings.marker(value, `the characteristic ${name}`, this.origin, this.id);
    if (value.includes(',') && /^-?\d+,\d+$/.test(value)) {
      warnings.add('decimal-comma', this.origin, `the characteristic ${name} is ${value}`, this.id);
    }
    if (value.length <= 5 && BOOLEAN.test(value) && /размер|size/i.test(name)) {
      warnings.add('boolean-size', this.origin, `${name} is ${value}, which is no size`, this.id);
    }
  }

  /** The item's end tag: everything that was collected goes out. */
  end(): void {
    this.stock.close();
    const isOffer = this.holder === 'offer';
    this.id = this.#warnings.id(this.id, 'the Ид', this.origin, this.id);
    if (isOffer && this.characteristicId !== '') this.#joinCharacteristicId();
    if (this.id === '') {
      const what = isOffer ? 'a Предложение' : 'a Товар';
      const lost = this.#prices.length + this.stock.rests.length;
      const and = lost > 0 ? ` with ${lost} of its prices and rests` : '';
      this.#warnings.add('missing-id', this.origin, `${what} without Ид: dropped${and}`, this.name);
      return;
    }
    if (!isOffer || this.described || this.deleted || !this.hadPricesOrRests) {
      checkItemTexts(this, this.#warnings);
      this.#emit(isOffer ? offerRecord(this) : goodRecord(this));
    }
    this.#flushPricesAndRests();
  }

  #joinCharacteristicId(): void {
    const part = this.#warnings.id(this.characteristicId, 'the ИдХарактеристики', this.origin, this.id);
    const missing = part === '' || part === NIL_GUID;
    if (!missing && this.id !== '' && !this.id.includes('#')) this.id = `${this.id}#${part}`;
  }

  #flushPricesAndRests(): void {
    for (const price of this.#prices) {
      price.offerId = this.id;
      this.#emit(price);
    }
    for (const rest of this.stock.rests) {
      rest.offerId = this.id;
      this.#emit(rest);
    }
  }
}
