/**
 * The typed records that a CommerceML exchange yields, in the order of the files. Texts are as written in the
 * file except that entities are resolved and outer white space is kept: cleaning is the reader's reporting
 * business (`warnings`), never silent. Ids alone lose theirs (but those of units: `"796 "`). Decimals are exact strings with a dot
 * (`"3037.50"`), never floats. Empty lists are one list that all records share, and frozen.
 *
 * @example
 * for await (const record of readExchange('/var/1c/exchange')) {
 *   if (record.kind === 'offer') console.log(record.id, record.name);
 * }
 */

/** Where a record was found: file name relative to the exchange and byte offset of its start tag. */
export interface Origin {
  readonly file: string;
  readonly offset: number;
}

interface RecordBase {
  readonly origin: Origin;
}

/** The sections that carry their own `СодержитТолькоИзменения`. */
export type SectionName = 'Классификатор' | 'Каталог' | 'ПакетПредложений';

/** A section's start: `changesOnly` is undefined where the attribute is absent (which means a full export). */
export interface SectionRecord extends RecordBase {
  readonly kind: 'section';
  readonly section: SectionName;
  readonly changesOnly: boolean | undefined;
}

/** The root element of one file. `schema` is `ВерсияСхемы` ("2.04" … "3.1"), `formedAt` as written. */
export interface DocumentRecord extends RecordBase {
  readonly kind: 'document';
  readonly schema: string | undefined;
  readonly formedAt: string | undefined;
  readonly exchangeNode: string | undefined;
  readonly namespace: string | undefined;
}

/** A `Группа`. Parents come before their children; a whole tree is given at the end of its root group. */
export interface GroupRecord extends RecordBase {
  readonly kind: 'group';
  readonly id: string;
  readonly name: string;
  readonly parentId: string | undefined;
  /** 1 for a root. */
  readonly depth: number;
  readonly deleted: boolean;
}

/** A `Свойство`. Names are not unique; the same property comes again with every portion. */
export interface PropertyRecord extends RecordBase {
  readonly kind: 'property';
  readonly id: string;
  readonly name: string;
  /** `Справочник`, `Строка`, `Число`, `Время`, or undefined where absent. */
  readonly valueType: string | undefined;
  readonly deleted: boolean;
}

/** One value of a property's dictionary (`ВариантыЗначений/Справочник`). */
export interface PropertyValueRecord extends RecordBase {
  readonly kind: 'propertyValue';
  readonly propertyId: string;
  readonly id: string;
  readonly value: string;
}

/** A `ТипЦены`; its name often carries conditions ("Опт 1 (300-600 тыс.руб в квартал)"). */
export interface PriceTypeRecord extends RecordBase {
  readonly kind: 'priceType';
  readonly id: string;
  readonly name: string;
  readonly currency: string | undefined;
  readonly deleted: boolean;
}

/** A `Склад` of the reference data. */
export interface WarehouseRecord extends RecordBase {
  readonly kind: 'warehouse';
  readonly id: string;
  readonly name: string;
  readonly deleted: boolean;
}

/** An `ЕдиницаИзмерения`. `id` is as written: padded (`"796 "`), and even blank in a real export. */
export interface UnitRecord extends RecordBase {
  readonly kind: 'unit';
  readonly id: string;
  readonly code: string | undefined;
  readonly shortName: string | undefined;
  readonly fullName: string | undefined;
}

/** A pair of `ХарактеристикиТовара`: display strings. */
export interface Characteristic {
  readonly name: string;
  readonly value: string;
}

/** A pair of `ЗначенияСвойств`: a property id with a dictionary id or a literal. Repeated values repeat the pair. */
export interface PropertyRef {
  readonly id: string;
  readonly value: string;
}

/** A pair of `ЗначенияРеквизитов`. */
export interface Requisite {
  readonly name: string;
  readonly value: string;
}

/** A `Товар`. In classic 2.04 each characteristic is a good of its own, with `good#characteristic` as its id. */
export interface GoodRecord extends RecordBase {
  readonly kind: 'good';
  readonly id: string;
  readonly name: string;
  readonly article: string | undefined;
  readonly barcode: string | undefined;
  readonly description: string | undefined;
  readonly groupIds: readonly string[];
  readonly images: readonly string[];
  readonly manufacturer: { readonly id: string | undefined; readonly name: string } | undefined;
  readonly unit: string | undefined;
  /** `НДС` rate as written ("20", "10", "Без НДС"). */
  readonly vat: string | undefined;
  readonly properties: readonly PropertyRef[];
  readonly requisites: readonly Requisite[];
  readonly characteristics: readonly Characteristic[];
  /** `ПометкаУдаления` = true or attribute `Статус` = "Удален". */
  readonly deleted: boolean;
}

/** A `Предложение` that describes something: mere keys with prices or rests give only those records. */
export interface OfferRecord extends RecordBase {
  readonly kind: 'offer';
  /** The whole key: `<good>` or `<good>#<characteristic>`. */
  readonly id: string;
  readonly goodId: string;
  readonly characteristicId: string | undefined;
  readonly name: string;
  readonly article: string | undefined;
  readonly barcode: string | undefined;
  readonly images: readonly string[];
  readonly properties: readonly PropertyRef[];
  readonly characteristics: readonly Characteristic[];
  readonly deleted: boolean;
}

/** One `Цена`. `offerId` is the key of the offer (or the good, where prices sit inside goods). */
export interface PriceRecord extends RecordBase {
  readonly kind: 'price';
  readonly offerId: string;
  readonly priceTypeId: string;
  /** Exact decimal with a dot. */
  readonly amount: string;
  readonly currency: string | undefined;
  /** `МинКоличество`, the quantity from which on this price applies, as an exact decimal; undefined where absent. */
  readonly minQuantity: string | undefined;
  /** Whether the `Цена` stands in a `Предложение` or (WooCommerce's plug-in does it) in a `Товар`. */
  readonly holder: 'offer' | 'good';
}

/** One stock figure. `warehouseId` is undefined where the file gives only a total. */
export interface RestRecord extends RecordBase {
  readonly kind: 'rest';
  readonly offerId: string;
  readonly warehouseId: string | undefined;
  /** Exact decimal with a dot, may be negative. */
  readonly quantity: string;
  /** Whether it is the first of its `Предложение` or `Товар`: a second item of the same key says it anew and adds nothing. */
  readonly first: boolean;
  /** Whether the figure stands in a `Предложение` or in a `Товар`. */
  readonly holder: 'offer' | 'good';
}

/** A defect of the data that was read past: nothing is dropped without one. */
export interface WarningRecord extends RecordBase {
  readonly kind: 'warning';
  readonly code: WarningCode;
  readonly message: string;
  /** The id of the record that is concerned, where it has one. */
  readonly subject: string | undefined;
}

/** Stable codes of data defects (see `docs/errors.md`). */
export type WarningCode =
  | 'missing-id'
  | 'missing-name'
  | 'bad-decimal'
  | 'decimal-comma'
  | 'negative-stock'
  | 'fractional-stock'
  | 'empty-characteristic'
  | 'sentinel-value'
  | 'boolean-size'
  | 'padded-text'
  | 'html-text'
  | 'placeholder-value'
  | 'nil-reference'
  | 'duplicate-id'
  | 'orphan-offer'
  | 'good-without-offer'
  | 'unknown-offer-price'
  | 'unknown-offer-rest'
  | 'unknown-group'
  | 'unknown-price-type'
  | 'unknown-property'
  | 'duplicate-article'
  | 'mixed-exchange-dates'
  | 'odd-date'
  | 'unknown-section'
  | 'stock-total-differs';

/** Everything that a reader yields; `kind` tells which. */
export type CommerceMlRecord =
  | DocumentRecord
  | SectionRecord
  | GroupRecord
  | PropertyRecord
  | PropertyValueRecord
  | PriceTypeRecord
  | WarehouseRecord
  | UnitRecord
  | GoodRecord
  | OfferRecord
  | PriceRecord
  | RestRecord
  | WarningRecord;
