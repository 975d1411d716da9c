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
import { noItems, ReusedList, withItem } from './item-lists.ts';
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
  groupIds: readonly string[] = noItems();
  images: readonly string[] = noItems();
  properties: readonly PropertyRef[] = noItems();
  requisites: readonly Requisite[] = noItems();
  characteristics: readonly Characteristic[] = noItems();
  refId = '';
  readonly refValues = new ReusedList<string>();
  pairName = '';
  readonly pairValues = new ReusedList<string>();
  priceOrigin: Origin = NOWHERE;
  priceTypeId = '';
  priceAmount = '';
  priceCurrency: string | undefined;
  priceMinQuantity: string | undefined;
  /** Its stock, in whatever shape. */
  readonly stock: ItemStock;
  hadPricesOrRests = false;
  /** Made as records at once; `offerId` is filled in at the end where `Ид` comes after them. */
  readonly #prices = new ReusedList<Mutable<PriceRecord>>();
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
    // The record before has been handed out with these.
    this.groupIds = noItems();
    this.images = noItems();
    this.properties = noItems();
    this.requisites = noItems();
    this.characteristics = noItems();
    this.hadPricesOrRests = false;
    this.#prices.clear();
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
    if (id !== '') this.groupIds = withItem(this.groupIds, id);
  }

  /** The id may follow the value, and a value may be repeated, so the pairs are made at the end tag. */
  endRef(): void {
    const id = this.#warnings.id(this.refId, 'the Ид of a property', this.origin, this.id);
    const { refValues } = this;
    for (let i = 0; i < refValues.length; i += 1) this.#addProperty(id, refValues.at(i));
    if (refValues.length === 0) this.#addProperty(id, '');
  }

  #addProperty(id: string, value: string): void {
    this.properties = withItem(this.properties, { id, value });
  }

  endRequisite(): void {
    const { pairValues } = this;
    for (let i = 0; i < pairValues.length; i += 1) this.#addRequisite(this.pairName, pairValues.at(i));
    if (pairValues.length === 0) this.#addRequisite(this.pairName, '');
  }

  #addRequisite(name: string, value: string): void {
    this.requisites = withItem(this.requisites, { name, value });
  }

  endCharacteristic(): void {
    const { pairValues } = this;
    for (let i = 0; i < pairValues.length; i += 1) this.#addCharacteristic(this.pairName, pairValues.at(i));
    if (pairValues.length === 0) this.#addCharacteristic(this.pairName, '');
  }

  #addCharacteristic(name: string, value: string): void {
    this.characteristics = withItem(this.characteristics, { name, value });
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
    for (let i = 0; i < this.#prices.length; i += 1) {
      const price = this.#prices.at(i);
      price.offerId = this.id;
      this.#emit(price);
    }
    const { rests } = this.stock;
    for (let i = 0; i < rests.length; i += 1) {
      const rest = rests.at(i);
      rest.offerId = this.id;
      this.#emit(rest);
    }
  }
}
