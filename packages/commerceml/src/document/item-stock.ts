import type { Origin, RestRecord } from '../records.ts';
import { DecimalSum, normalizeDecimal, parseDecimal } from '../values/decimal.ts';
import type { DataWarnings } from './data-warnings.ts';
import { ReusedList } from './item-lists.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What the stock needs to know of its item, and tells it. */
export interface StockedItem {
  readonly id: string;
  readonly holder: 'offer' | 'good';
  hadPricesOrRests: boolean;
}

const NOWHERE: Origin = { file: '', offset: 0 };

/**
 * Collects the stock of one `Товар` or `Предложение` in the shapes that versions and modules of 1C write: `Остатки` with or
 * without warehouses (3.1), `Склад` or `Склады` by attributes (2.07 to 2.10), with children or as a list, a bare total. As in
 * the item, fields are public because the document reader assigns them from the end tags.
 */
export class ItemStock {
  /** Of the Остаток being read. */
  restOrigin: Origin = NOWHERE;
  restQuantity: string | undefined;
  /** Warehouses of this Остаток that have a figure, and the one that has none. */
  restWarehouses = 0;
  restWarehouseId: string | undefined;
  warehouseOrigin: Origin = NOWHERE;
  warehouseId: string | undefined;
  warehouseQuantity: string | undefined;
  /** `Количество` of the item itself: the stock where there are no warehouses, else only a total to compare. */
  totalQuantity: string | undefined;
  totalOrigin: Origin = NOWHERE;
  /** Made as records at once; `offerId` is filled in by the item where `Ид` comes after them. */
  readonly rests = new ReusedList<Mutable<RestRecord>>();
  readonly #item: StockedItem;
  readonly #warnings: DataWarnings;

  constructor(item: StockedItem, warnings: DataWarnings) {
    this.#item = item;
    this.#warnings = warnings;
  }

  /** Forgets the item before. */
  start(): void {
    this.rests.clear();
    this.totalQuantity = undefined;
  }

  startRest(origin: Origin): void {
    this.#item.hadPricesOrRests = true;
    this.restOrigin = origin;
    this.restQuantity = undefined;
    this.restWarehouses = 0;
    this.restWarehouseId = undefined;
  }

  endRest(): void {
    // Beside warehouses that have figures of their own it is their total.
    if (this.restWarehouses > 0) return;
    if (this.restQuantity !== undefined) {
      this.#addRest(this.restOrigin, this.restWarehouseId, this.restQuantity);
    } else {
      this.#warnings.add(
        'bad-decimal',
        this.restOrigin,
        'an Остаток without Количество: dropped',
        this.#item.id,
      );
    }
  }

  startWarehouse(origin: Origin, id: string | undefined, quantity: string | undefined): void {
    this.warehouseOrigin = origin;
    this.warehouseId = id;
    this.warehouseQuantity = quantity;
  }

  endWarehouse(): void {
    if (this.warehouseQuantity === undefined) {
      // Some write the figure beside the Склад, not in it.
      this.restWarehouseId = this.warehouseId ?? this.restWarehouseId;
      return;
    }
    this.restWarehouses += 1;
    this.#addRest(this.warehouseOrigin, this.warehouseId, this.warehouseQuantity);
  }

  /** A `Склад` or `Склады` that stands in the item itself; with neither id nor figure it was but the list of others. */
  endItemWarehouse(): void {
    const { warehouseId: id, warehouseQuantity: quantity } = this;
    if (id !== undefined || quantity !== undefined) this.#addRest(this.warehouseOrigin, id, quantity ?? '');
    this.#item.hadPricesOrRests = true;
    this.warehouseId = undefined;
    this.warehouseQuantity = undefined;
  }

  #addRest(origin: Origin, warehouseId: string | undefined, raw: string): void {
    this.#item.hadPricesOrRests = true;
    const decimal = parseDecimal(raw);
    if (decimal === undefined) {
      this.#warnings.add(
        'bad-decimal',
        origin,
        `a stock of ${JSON.stringify(raw)} is no decimal: dropped`,
        this.#item.id,
      );
      return;
    }
    this.#checkQuantity(decimal.text, decimal.hadComma, origin);
    const store =
      warehouseId && this.#warnings.id(warehouseId, 'the id of the warehouse', origin, this.#item.id);
    this.rests.push({
      kind: 'rest',
      origin,
      offerId: this.#item.id,
      warehouseId: store === '' ? undefined : store,
      quantity: decimal.text,
      first: this.rests.length === 0,
      holder: this.#item.holder,
    });
  }

  /** `Количество` is a rest of its own only where no warehouse is given. */
  close(): void {
    const total = this.totalQuantity;
    if (total === undefined) return;
    if (this.rests.length === 0) {
      this.#addRest(this.totalOrigin, undefined, total);
      return;
    }
    const sum = new DecimalSum();
    for (let i = 0; i < this.rests.length; i += 1) sum.add(this.rests.at(i).quantity);
    const expected = new DecimalSum();
    expected.add(normalizeDecimal(total) ?? '0');
    if (sum.toString() !== expected.toString()) {
      const message = `Количество is ${total}, the warehouses hold ${sum.toString()}: the warehouses are used`;
      this.#warnings.add('stock-total-differs', this.totalOrigin, message, this.#item.id);
    }
  }

  #checkQuantity(quantity: string, hadComma: boolean, origin: Origin): void {
    if (!this.#warnings.details) return;
    if (hadComma) this.#warnings.add('decimal-comma', origin, 'a stock with a comma', this.#item.id);
    if (quantity.charCodeAt(0) === 0x2d) {
      this.#warnings.add('negative-stock', origin, `a stock of ${quantity}`, this.#item.id);
    }
    if (/\.\d*[1-9]/.test(quantity)) {
      this.#warnings.add('fractional-stock', origin, `a stock of ${quantity}`, this.#item.id);
    }
  }
}
