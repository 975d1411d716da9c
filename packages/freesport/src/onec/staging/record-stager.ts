import {
  type CommerceMlRecord,
  foldBrandName,
  type GoodRecord,
  type OfferRecord,
  type PriceRecord,
  type RestRecord,
} from 'commerceml';
import type { DeclaredPriceType } from '../names/price-role.ts';
import { slugBase } from '../names/slug.ts';
import { ColumnNumbers } from './column-numbers.ts';
import type { ReadingSummary, SectionedKind } from './exchange-summary.ts';
import { FigureRows, STOCK_MAX } from './figure-rows.ts';
import type { AddRow, KeyParts, KeyRow } from './key-rows.ts';
import { RAISED_BY_MERGE } from './raised-by-merge.ts';
import type { StageNumbering } from './stage-message.ts';
import { STAGED_PRICE_COLUMNS, STAGED_WAREHOUSE_COLUMNS } from './staging-schema.ts';
import { leading, trimSpaces } from './text-limits.ts';
import { unusablePrice } from './unusable-price.ts';
import { vatRate } from './vat-rate.ts';

/** Colour and size of a good or an offer; empty where it has none. */
export interface StagedAttributes {
  readonly color: string;
  readonly size: string;
}

export interface RecordStagerOptions {
  /** Receives the rows of tables that have one for each record. */
  readonly add: AddRow;
  /** Receives offers, prices and rests. */
  readonly parts: KeyParts;
  /** Finds colour and size; gets every dictionary record before the goods and offers that use it. */
  readonly attributesOf: (record: GoodRecord | OfferRecord) => StagedAttributes;
  /** Ids of the property `Бренд` that earlier exchanges have declared. */
  readonly brandPropertyIds: readonly string[];
  /** Price types of earlier exchanges: using one that this exchange does not declare is no defect. */
  readonly knownPriceTypes: readonly DeclaredPriceType[];
  /** Groups of earlier exchanges: a good of several groups goes to the first one that is known. */
  readonly knownGroups: readonly string[];
  /** Columns of figures, where several readings of one exchange must agree on them. */
  readonly numbering?: StageNumbering | undefined;
  /** Records are numbered from here; of two with the same id the later one wins. */
  readonly firstOrd?: number | undefined;
}

/** Longest 1C id that the catalogue holds (varchar(100)); `guid#guid` is 73. */
const ID_LENGTH_MAX = 100;

/** Details kept per code of defects that skip nothing (padded text, empty characteristics: millions of them). */
const DETAILS_PER_CODE_MAX = 200;

// Longer than a file should be: the cases share the counters, numberings and half-filled rows of one pass over the
// records, and each alone is a few lines.

/**
 * Turns records into rows of the staging tables, one pass, in memory that does not grow with the exchange: prices
 * and rests of one offer that follow each other become one row, price types and warehouses become column numbers.
 *
 * @example
 * const stager = new RecordStager({ add: (table, row) => writer.addRow(table, row), parts: rows, attributesOf });
 * for (const record of records) stager.take(record);
 * stager.finish();
 */
export class RecordStager {
  readonly #options: RecordStagerOptions;
  readonly #counts: Record<string, number> = {};
  readonly #coverage: Partial<Record<SectionedKind, 'full' | 'changes'>> = {};
  readonly #warnings: Record<string, number> = {};
  readonly #priceTypes = new Map<string, { readonly name: string; readonly declared: boolean }>();
  readonly #knownTypes: ReadonlyMap<string, string>;
  readonly #priceColumns: ColumnNumbers;
  readonly #warehouseColumns: ColumnNumbers;
  readonly #brandProperties: Set<string>;
  readonly #groups: Set<string>;
  /** Classic goods of one characteristic that are deleted: their offers are too, whatever those say. */
  readonly #deletedParts = new Set<string>();
  /** Of the first file with a section, since orders may lie beside a catalogue; and of the one being read. */
  #schema = '';
  #documentSchema = '';
  #section: 'full' | 'changes' = 'full';
  #ord = 0;
  #lastItemOrd = 0;
  readonly #figures: FigureRows;
  readonly #add: AddRow;

  constructor(options: RecordStagerOptions) {
    this.#options = options;
    this.#add = options.add;
    this.#figures = new FigureRows(options.parts);
    this.#brandProperties = new Set(options.brandPropertyIds);
    this.#groups = new Set(options.knownGroups);
    const { numbering } = options;
    this.#knownTypes = new Map(options.knownPriceTypes.map(({ id, name }) => [id, name]));
    this.#priceColumns = new ColumnNumbers(STAGED_PRICE_COLUMNS, numbering?.priceTypes);
    this.#warehouseColumns = new ColumnNumbers(STAGED_WAREHOUSE_COLUMNS, numbering?.warehouses);
    this.#ord = options.firstOrd ?? 0;
  }

  /** Records staged so far. */
  get records(): number {
    return this.#ord - (this.#options.firstOrd ?? 0);
  }

  take(record: CommerceMlRecord): void {
    this.#ord += 1;
    this.#counts[record.kind] = (this.#counts[record.kind] ?? 0) + 1;
    switch (record.kind) {
      case 'price':
        this.#takePrice(record);
        break;
      case 'rest':
        this.#takeRest(record);
        break;
      case 'offer':
        this.#takeOffer(record);
        break;
      case 'good':
        this.#takeGood(record);
        break;
      default:
        this.#takeReference(record);
        break;
    }
  }

  /** Writes what is still gathered and says what the exchange held. */
  finish(): Omit<ReadingSummary, 'files' | 'bytes' | 'fileKeys' | 'keys'> {
    this.#figures.flush(this.#ord);
    return {
      schema: this.#schema,
      records: this.#counts,
      lastItemOrd: this.#lastItemOrd,
      coverage: this.#coverage,
      priceTypes: [...this.#priceTypes].map(([id, type]) => ({
        id,
        ...type,
        column: this.#priceColumns.of(id),
      })),
      warehouses: [...this.#warehouseColumns.ids].map((id) => ({
        id,
        column: this.#warehouseColumns.of(id),
      })),
      brandPropertyIds: [...this.#brandProperties],
      warnings: this.#warnings,
    };
  }

  #takeReference(
    record: Exclude<CommerceMlRecord, GoodRecord | OfferRecord | PriceRecord | RestRecord>,
  ): void {
    const ord = this.#ord;
    switch (record.kind) {
      case 'document':
        this.#figures.flush(this.#ord);
        this.#documentSchema = record.schema ?? '';
        this.#section = 'full';
        return;
      case 'section':
        if (this.#schema === '') this.#schema = this.#documentSchema;
        this.#section = record.changesOnly === true ? 'changes' : 'full';
        return;
      case 'group':
        if (this.#idTooLong(record)) return;
        this.#cover('group');
        this.#groups.add(record.id);
        this.#add('groups', [
          ord,
          record.id,
          record.name,
          record.parentId,
          record.deleted,
          slugBase(record.name, 'category'),
        ]);
        return;
      case 'property':
        if (this.#idTooLong(record)) return;
        if (foldBrandName(record.name) === 'бренд' || record.id === 'Бренд')
          this.#brandProperties.add(record.id);
        this.#add('properties', [ord, record.id, record.name, record.valueType]);
        return;
      case 'propertyValue':
        if (this.#idTooLong(record)) return;
        this.#add('property_values', [ord, record.propertyId, record.id, record.value]);
        return;
      case 'priceType':
        if (this.#idTooLong(record)) return;
        this.#priceTypes.set(record.id, { name: record.name, declared: true });
        this.#priceColumns.of(record.id);
        this.#add('price_types', [ord, record.id, record.name, record.currency, record.deleted]);
        return;
      case 'warehouse':
        if (this.#idTooLong(record)) return;
        this.#add('warehouses', [ord, record.id, record.name, record.deleted]);
        return;
      case 'warning':
        if (!RAISED_BY_MERGE.has(record.code)) {
          this.#warn(record.code, record.subject, record.origin, record.message, DETAILS_PER_CODE_MAX);
        }
        return;
      case 'unit':
        return;
    }
  }

  #takeGood(record: GoodRecord): void {
    this.#lastItemOrd = this.#ord;
    this.#cover('good');
    if (this.#idTooLong(record)) return;
    // Classic 2.04 makes a Товар of each characteristic (`good#char`): they are one product, named by the good part.
    const id = goodPart(record.id);
    if (record.deleted && id !== record.id) {
      // One characteristic is gone, not the good: that is decided by the variants which are left.
      this.#deletedParts.add(record.id);
      this.#offerRow([record.id, this.#ord, id, '', '', null, '', '', null, true]);
      return;
    }
    let brandRef: string | undefined;
    for (const { id: propertyId, value } of record.properties) {
      if (propertyId === 'Бренд' || this.#brandProperties.has(propertyId)) brandRef ??= value;
      else if (value !== '') this.#add('good_properties', [this.#ord, id, propertyId, value]);
    }
    const { color, size } = this.#options.attributesOf(record);
    this.#add('goods', [
      this.#ord,
      id,
      record.name === '' ? id : record.name,
      slugBase(record.name, 'product'),
      record.article,
      record.barcode,
      record.description,
      record.groupIds.find((group) => this.#groups.has(group)) ?? record.groupIds[0],
      imagesJson(record.images),
      brandRef,
      record.manufacturer?.name,
      vatRate(record.vat),
      color,
      size,
      record.deleted,
    ]);
  }

  #takeOffer(record: OfferRecord): void {
    this.#lastItemOrd = this.#ord;
    this.#cover('offer');
    if (this.#idTooLong(record)) return;
    const { color, size } = this.#options.attributesOf(record);
    this.#offerRow([
      record.id,
      this.#ord,
      record.goodId,
      leading(record.name, 300),
      leading(trimSpaces(record.article ?? ''), 100),
      record.barcode === undefined ? undefined : leading(trimSpaces(record.barcode), 100),
      leading(color, 100),
      leading(size, 200),
      record.images.length === 0 ? undefined : imagesJson(record.images),
      record.deleted || this.#deletedParts.has(record.id),
    ]);
  }

  #takePrice(record: PriceRecord): void {
    if (this.#figures.turnToPrices(record.offerId, this.#ord)) this.#cover('price');
    const { amount, priceTypeId } = record;
    const unusable = unusablePrice(record);
    if (unusable !== undefined) {
      const { code, why } = unusable;
      const message = `price ${amount} of type ${priceTypeId} skipped: ${why}`;
      this.#warn(code, record.offerId, record.origin, message);
      return;
    }
    if (!this.#priceTypes.has(priceTypeId)) {
      if (this.#idTooLong({ ...record, id: priceTypeId })) return;
      this.#useUndeclared(record);
    }
    const column = this.#priceColumns.of(priceTypeId);
    if (column === undefined) this.#add('price_extra', [this.#ord, record.offerId, priceTypeId, amount]);
    else this.#figures.setPrice(column, amount);
  }

  #useUndeclared({ priceTypeId: id, origin }: PriceRecord): void {
    const name = this.#knownTypes.get(id);
    this.#priceTypes.set(id, { name: name ?? id, declared: name !== undefined });
    if (name !== undefined) return;
    this.#warn('unknown-price-type', id, origin, `price type ${id} is used but nobody has declared it`);
  }

  #takeRest(record: RestRecord): void {
    // The same key twice in a row: the later figures replace the earlier ones and are not added to them.
    if (this.#figures.turnToRests(record.offerId, record.first, this.#ord)) this.#cover('rest');
    const quantity = this.#wholeStock(record);
    if (record.warehouseId === undefined) {
      this.#figures.addStock(undefined, quantity);
      return;
    }
    if (record.warehouseId.length > ID_LENGTH_MAX && this.#idTooLong({ ...record, id: record.warehouseId }))
      return;
    const column = this.#warehouseColumns.of(record.warehouseId);
    if (column === undefined)
      this.#add('rest_extra', [this.#ord, record.offerId, record.warehouseId, quantity]);
    else this.#figures.addStock(column, quantity);
  }

  /** Stock as the shop counts it: whole and never negative; what was changed is a warning with the figure. */
  #wholeStock(record: RestRecord): number {
    const { quantity } = record;
    const value = Number(quantity);
    if (Number.isInteger(value) && value >= 0 && value <= STOCK_MAX) return value;
    if (value < 0) {
      this.#warn('negative-stock', record.offerId, record.origin, `stock ${quantity} taken as 0`);
      return 0;
    }
    const whole = Math.min(STOCK_MAX, Math.floor(value));
    this.#warn('fractional-stock', record.offerId, record.origin, `stock ${quantity} taken as ${whole}`);
    return whole;
  }

  #cover(kind: SectionedKind): void {
    if (this.#coverage[kind] !== 'changes') this.#coverage[kind] = this.#section;
  }

  #idTooLong(record: CommerceMlRecord & { readonly id: string }): boolean {
    if (record.id.length <= ID_LENGTH_MAX) return false;
    this.#warn(
      'id-too-long',
      record.id.slice(0, ID_LENGTH_MAX),
      record.origin,
      `${record.kind} skipped: its id has ${record.id.length} characters, at most ${ID_LENGTH_MAX} are kept`,
    );
    return true;
  }

  #warn(
    code: string,
    subject: string | undefined,
    origin: { readonly file: string; readonly offset: number },
    message: string,
    detailsMax = Number.POSITIVE_INFINITY,
  ): void {
    const count = (this.#warnings[code] ?? 0) + 1;
    this.#warnings[code] = count;
    if (count <= detailsMax) this.#add('warnings', [code, subject, origin.file, origin.offset, message]);
  }

  #offerRow(row: KeyRow): void {
    // Before 3.1 the figures of an offer come with it: those of the one before end here.
    this.#figures.flush(this.#ord);
    this.#options.parts.offer(row);
  }
}

/** The good's part of a key. */
function goodPart(id: string): string {
  const hash = id.indexOf('#');
  return hash === -1 ? id : id.slice(0, hash);
}

function imagesJson(images: readonly string[]): string {
  return JSON.stringify([...new Set(images)]);
}
