/** An exchange as a model, from which the files are written and the expected figures are computed independently. */

/** A decimal as it is written in the file and as it is meant: `['1 234,50', '1234.50']`. */
export type Written = readonly [text: string, exact: string];

export interface MadeGroup {
  readonly id: string;
  readonly name: string;
  readonly children?: readonly MadeGroup[] | undefined;
  readonly deleted?: 'mark' | 'status' | undefined;
}

export interface MadeProperty {
  readonly id: string;
  readonly name: string;
  readonly type?: 'Справочник' | 'Строка' | 'Число' | undefined;
  readonly values?: readonly (readonly [id: string, value: string])[] | undefined;
}

/** How the stock of an offer is written. */
export type MadeStock = MadeTotal | MadeStores;

interface MadeTotal {
  readonly shape: 'total' | 'restTotal';
  readonly quantity: Written;
}

interface MadeStores {
  readonly shape: 'attributes' | 'rests';
  readonly stores: readonly (readonly [warehouse: string, quantity: Written])[];
}

/** Prices and stock under a key: of an offer, or of a good that is sold without one. */
export interface MadeFigures {
  readonly id: string;
  readonly prices?: readonly (readonly [type: string, amount: Written])[] | undefined;
  readonly stock?: MadeStock | undefined;
}

interface MadeItem {
  readonly id: string;
  readonly name: string;
  readonly article?: string | undefined;
  readonly barcode?: string | undefined;
  readonly images?: readonly string[] | undefined;
  readonly properties?: readonly (readonly [id: string, value: string])[] | undefined;
  readonly characteristics?: readonly (readonly [name: string, value: string])[] | undefined;
  readonly deleted?: 'mark' | 'status' | undefined;
}

export interface MadeGood extends MadeItem {
  readonly description?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly maker?: string | undefined;
  readonly vat?: string | undefined;
  readonly requisites?: readonly (readonly [name: string, value: string])[] | undefined;
}

export interface MadeOffer extends MadeItem, MadeFigures {}

export interface MadeExchange {
  readonly schema: '2.04' | '2.05' | '2.07' | '2.08' | '2.10' | '3.0' | '3.1';
  /** `СодержитТолькоИзменения`; undefined leaves the attribute out, which means full. */
  readonly changesOnly?: boolean | undefined;
  readonly groups?: readonly MadeGroup[] | undefined;
  readonly properties?: readonly MadeProperty[] | undefined;
  readonly priceTypes?: readonly (readonly [id: string, name: string, currency: string])[] | undefined;
  readonly warehouses?: readonly (readonly [id: string, name: string])[] | undefined;
  readonly goods?: readonly MadeGood[] | undefined;
  readonly offers?: readonly MadeOffer[] | undefined;
  /** Keys that come with figures and nothing else. */
  readonly figures?: readonly MadeFigures[] | undefined;
}

/** What `commerceml inspect` must say of it. */
export function expectedSummary(exchange: MadeExchange): Record<string, unknown> {
  const { goods = [], offers = [], figures = [], groups = [], properties = [] } = exchange;
  const keys = [...offers, ...figures];
  const ids = new Set(goods.map(({ id }) => id));
  const sold = new Set(offers.flatMap(({ id }) => [id, goodOf(id)]));
  const prices = keys.flatMap((key) => (key.prices ?? []).map(([, [, exact]]) => exact));
  const rests = keys.flatMap(({ stock }) => stockRows(stock).map(([, exact]) => exact));
  return {
    schema: exchange.schema,
    full: exchange.changesOnly !== true,
    groups: countGroups(groups),
    goods: goods.length,
    goodsDeleted: goods.filter(({ deleted }) => deleted !== undefined).length,
    offers: offers.length,
    offersWithCharacteristic: offers.filter(({ id }) => id.includes('#')).length,
    offersOrphaned: offers.filter(({ id }) => !ids.has(id) && !ids.has(goodOf(id))).length,
    goodsWithoutOffer: [...ids].filter((id) => !sold.has(id)).length,
    priceTypes: exchange.priceTypes?.length ?? 0,
    prices: prices.length,
    pricesSum: exactSum(prices),
    rests: rests.length,
    stockTotal: exactSum(rests),
    properties: properties.length,
    propertyValues: properties.reduce((sum, { values = [] }) => sum + values.length, 0),
    warehouses: exchange.warehouses?.length ?? 0,
    pricesInGoods: 0,
    restsInGoods: 0,
  };
}

/** The part of a key before `#`. */
export function goodOf(id: string): string {
  return id.split('#')[0] ?? '';
}

/** The rests that a stock gives: warehouse (undefined for a total) and exact quantity. */
export function stockRows(stock: MadeStock | undefined): (readonly [string | undefined, string])[] {
  if (stock === undefined) return [];
  if ('quantity' in stock) return [[undefined, stock.quantity[1]]];
  return stock.stores.map(([warehouse, [, exact]]) => [warehouse, exact]);
}

/** In thousandths: no made figure has more decimals. */
export function exactSum(decimals: readonly string[]): string {
  const thousandths = decimals.reduce((sum, decimal) => {
    const negative = decimal.startsWith('-');
    const [whole = '', fraction = ''] = decimal.replace('-', '').split('.');
    const value = BigInt(whole + fraction.padEnd(3, '0'));
    return negative ? sum - value : sum + value;
  }, 0n);
  const digits = (thousandths < 0n ? -thousandths : thousandths).toString().padStart(4, '0');
  const fraction = digits.slice(-3).replace(/0+$/, '');
  return `${thousandths < 0n ? '-' : ''}${digits.slice(0, -3)}${fraction === '' ? '' : `.${fraction}`}`;
}

function countGroups(groups: readonly MadeGroup[]): number {
  return groups.reduce((sum, { children = [] }) => sum + 1 + countGroups(children), 0);
}
