/** The catalogue that a made exchange must become, computed from its model without any code of the import. */
import {
  goodOf,
  type MadeExchange,
  type MadeFigures,
  type MadeGood,
  type MadeGroup,
  type MadeOffer,
  stockRows,
} from '../../../commerceml/test/exchange/made-exchange.ts';
import type { ShopDatabase } from './shop-database.ts';

/** Rows as arrays of texts, so that they compare and sort by themselves. */
export interface CatalogueRows {
  readonly products: readonly string[];
  readonly properties: readonly string[];
  readonly variants: readonly string[];
  readonly prices: readonly string[];
  readonly stocks: readonly string[];
  readonly categories: readonly string[];
}

/** The first words of the price types that the shop knows, and their columns. */
const ROLES: readonly (readonly [start: string, column: string])[] = [
  ['Розничная', 'retail'],
  ['Опт 1', 'opt1'],
  ['Опт 2', 'opt2'],
  ['Тренерская', 'trainer'],
  ['РРЦ', 'rrp'],
  ['МРЦ', 'msrp'],
];
const UNKNOWN = 'onec-unresolved-category';
const NONE = 'onec-no-category';

/** What an import of the exchange into an empty catalogue leaves. */
export function expectedCatalogue(exchange: MadeExchange): CatalogueRows {
  const { offers = [], figures = [], properties = [] } = exchange;
  const goods = winningGoods(exchange);
  const groups = flat(exchange.groups ?? []);
  const known = new Set(groups.map(([{ id }]) => id));
  const values = new Map(properties.flatMap((property) => property.values ?? []));
  const variants = [...madeVariants(exchange, goods).values()];
  const keys = new Map<string, MadeFigures>([...figures, ...offers].map((key) => [key.id, key]));
  const columns = priceColumns(exchange);
  return {
    products: rows(
      [...goods].map(([id, good]) => {
        const { groups: wanted = [], images = [], vat = '' } = good;
        const category = wanted.find((group) => known.has(group)) ?? (wanted.length === 0 ? NONE : UNKNOWN);
        const active = good.deleted === undefined && variants.some((one) => one.good === id && one.active);
        return [
          id,
          cut(good.name),
          good.article ?? '',
          good.barcode ?? '',
          good.description ?? '',
          images,
          /^\d/.test(vat) ? vat : '',
          good.maker ?? '',
          category,
          active,
        ];
      }),
    ),
    properties: rows(
      [...goods].flatMap(([id, good]) => {
        const seen = new Map<string, number>();
        return (good.properties ?? []).map(([property, value]) => {
          const position = seen.get(property) ?? 0;
          seen.set(property, position + 1);
          return [id, property, position, values.get(value) ?? value];
        });
      }),
    ),
    variants: rows(
      variants.map((one) => {
        const prices = new Map(
          (keys.get(one.id)?.prices ?? []).map(([type, [, exact]]) => [type, cents(exact)]),
        );
        const stock = stockRows(keys.get(one.id)?.stock).reduce((sum, [, exact]) => sum + whole(exact), 0);
        const priced = columns.byColumn.map(
          ([, types]) => types.map((type) => prices.get(type)).find(Boolean) ?? '',
        );
        return [
          one.id,
          one.good,
          cut(one.name),
          one.barcode,
          one.images,
          one.active,
          one.isDefault,
          ...priced,
          stock,
        ];
      }),
    ),
    prices: rows(
      variants.flatMap(({ id }) =>
        (keys.get(id)?.prices ?? [])
          .filter(([type]) => columns.others.has(type))
          .map(([type, [, exact]]) => [id, type, cents(exact)]),
      ),
    ),
    stocks: rows(
      variants.flatMap(({ id }) =>
        stockRows(keys.get(id)?.stock)
          .filter(([store, exact]) => store !== undefined && whole(exact) > 0)
          .map(([store, exact]) => [id, store, whole(exact)]),
      ),
    ),
    categories: rows(groups.map(([{ id, name }, parent]) => [id, name, parent])),
  };
}

/** Which products and variants are shown when `later` says that it is the whole catalogue, after `before`. */
export function shownAfter(before: MadeExchange, later: MadeExchange): readonly string[] {
  const goods = winningGoods(before);
  const goodsNow = winningGoods(later);
  const had = [...madeVariants(before, goods).values()];
  const offered = madeVariants(later, goods);
  const defaults = [...madeVariants(later, goodsNow).values()].filter((one) => one.isDefault);
  const variants = new Map(had.map((one) => [one.id, one]));
  if ((later.offers ?? []).length > 0) {
    for (const one of had.filter(({ isDefault }) => !isDefault)) {
      const active = offered.get(one.id)?.isDefault === false && offered.get(one.id)?.active === true;
      variants.set(one.id, { ...one, active });
    }
    // A good that is offered no more is sold without characteristics.
    for (const one of defaults) variants.set(one.id, one);
  }
  const sold = [...variants.values()].filter(({ active }) => active);
  const shown = [...goods].filter(([id, good]) => {
    const said = (later.goods ?? []).length === 0 ? good : goodsNow.get(id);
    return said !== undefined && said.deleted === undefined && sold.some((one) => one.good === id);
  });
  return [...shown.map(([id]) => `product ${id}`), ...sold.map(({ id }) => id)].sort();
}

/** The same of a database. */
export async function shownRows(shop: ShopDatabase): Promise<readonly string[]> {
  const found = await shop.query<{ id: string }>(
    `SELECT 'product ' || onec_id AS id FROM products WHERE is_active
     UNION ALL SELECT onec_id FROM product_variants WHERE is_active`,
  );
  return found.map(({ id }) => id).sort();
}

/** The catalogue of a database in the shape of `expectedCatalogue`. */
export async function catalogueRows(shop: ShopDatabase): Promise<CatalogueRows> {
  const read = async (text: string): Promise<string[]> =>
    (await shop.query<{ line: unknown[] }>(`SELECT json_build_array(${text}`))
      .map(({ line }) => JSON.stringify(line))
      .sort();
  const of = (text: string): string => text.replace(' FROM', ') AS line FROM');
  return {
    products: await read(
      of(`p.onec_id, p.name, p.article, p.barcode, p.description, p.base_images, coalesce(p.vat_rate::int::text, ''),
        coalesce(b.name, ''), c.onec_id, p.is_active FROM products p JOIN categories c ON c.id = p.category_id
        LEFT JOIN brands b ON b.id = p.brand_id`),
    ),
    properties: await read(
      of(`p.onec_id, q.onec_id, pp.position, pp.value FROM product_properties pp JOIN products p ON p.id = pp.product_id
        JOIN properties q ON q.id = pp.property_id`),
    ),
    variants: await read(
      of(`v.onec_id, p.onec_id, v.name, v.barcode,
        CASE WHEN v.main_image = '' THEN '[]' ELSE jsonb_build_array(v.main_image) || v.gallery_images END, v.is_active,
        v.is_default, coalesce(v.retail_price::text, ''), coalesce(v.opt1_price::text, ''), coalesce(v.opt2_price::text, ''),
        coalesce(v.trainer_price::text, ''), coalesce(v.rrp::text, ''), coalesce(v.msrp::text, ''), v.stock_quantity
        FROM product_variants v JOIN products p ON p.id = v.product_id`),
    ),
    prices: await read(
      of(`v.onec_id, t.onec_id, vp.amount::text FROM variant_prices vp JOIN product_variants v ON v.id = vp.variant_id
        JOIN price_types t ON t.id = vp.price_type_id`),
    ),
    stocks: await read(
      of(`v.onec_id, w.onec_id, s.quantity FROM variant_stocks s JOIN product_variants v ON v.id = s.variant_id
        JOIN warehouses w ON w.id = s.warehouse_id`),
    ),
    categories: await read(
      of(`c.onec_id, c.name, coalesce(parent.onec_id, '') FROM categories c LEFT JOIN categories parent ON parent.id = c.parent_id
        WHERE c.onec_id NOT IN ('${UNKNOWN}', '${NONE}')`),
    ),
  };
}

interface MadeVariant {
  readonly id: string;
  readonly good: string;
  readonly name: string;
  readonly barcode: string;
  readonly images: readonly string[];
  readonly active: boolean;
  readonly isDefault: boolean;
}

/** Goods by product: of the parts of a classic good the last one that is not deleted. */
function winningGoods({ goods = [] }: MadeExchange): Map<string, MadeGood> {
  const winners = new Map<string, MadeGood>();
  for (const good of goods) {
    const id = goodOf(good.id);
    const isPart = id !== good.id;
    if (isPart && good.deleted !== undefined) continue;
    winners.set(id, good);
  }
  return winners;
}

function madeVariants(
  { goods = [], offers = [] }: MadeExchange,
  products: ReadonlyMap<string, MadeGood>,
): Map<string, MadeVariant> {
  const variants = new Map<string, MadeVariant>();
  const add = (id: string, item: Partial<MadeOffer>, isDefault = false): void => {
    const { name = '', barcode = '', images = [], deleted } = item;
    const good = goodOf(id);
    if (products.has(good))
      variants.set(id, { id, good, name, barcode, images, active: deleted === undefined, isDefault });
  };
  for (const offer of offers) add(offer.id, offer);
  for (const { id, deleted } of goods) {
    // A deleted part of a classic good is a variant that is not for sale, whatever its offer says.
    if (id.includes('#') && deleted !== undefined)
      add(id, { ...offers.find((offer) => offer.id === id), deleted });
  }
  const sold = new Set([
    ...offers.map(({ id }) => goodOf(id)),
    ...[...variants.values()].map(({ good }) => good),
  ]);
  for (const [id, good] of products) if (!sold.has(id)) add(id, { ...good, images: [] }, true);
  return variants;
}

interface PriceColumns {
  /** Types that fill a column, the first that has a price first. */
  readonly byColumn: readonly (readonly [column: string, types: readonly string[]])[];
  readonly others: ReadonlySet<string>;
}

function priceColumns({ priceTypes = [], offers = [], figures = [] }: MadeExchange): PriceColumns {
  const used = [...offers, ...figures].flatMap(({ prices = [] }) => prices.map(([type]) => type));
  const declared = priceTypes.map(([id]) => id);
  const all = [...new Set([...declared, ...used])];
  const withRole = new Map(
    ROLES.flatMap(([start, column]) => {
      const type = priceTypes.find(([, name]) => name.startsWith(start));
      return type === undefined ? [] : [[column, type[0]] as const];
    }),
  );
  const chain = ['retail', 'rrp', 'msrp'].flatMap((column) => withRole.get(column) ?? []);
  const retail = chain.length === 0 ? all.slice(0, 1) : chain;
  const columns = new Set([...withRole.values(), ...retail]);
  return {
    byColumn: ROLES.map(([, column]) => {
      const own = withRole.get(column);
      return [column, column === 'retail' ? retail : own === undefined ? [] : [own]] as const;
    }),
    others: new Set(all.filter((type) => !columns.has(type))),
  };
}

function flat(groups: readonly MadeGroup[], parent = ''): (readonly [MadeGroup, string])[] {
  return groups.flatMap((group) => [[group, parent] as const, ...flat(group.children ?? [], group.id)]);
}

function rows(lines: readonly (readonly unknown[])[]): string[] {
  return lines.map((line) => JSON.stringify(line)).sort();
}

function cut(name: string): string {
  return [...name].slice(0, 300).join('');
}

/** Two decimals, halves up. */
function cents(exact: string): string {
  const [units = '', fraction = ''] = exact.split('.');
  const thousandths = BigInt(units + fraction.padEnd(3, '0'));
  const digits = ((thousandths + 5n) / 10n).toString().padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Whole pieces, none below none. */
function whole(exact: string): number {
  return exact.startsWith('-') ? 0 : Number(exact.split('.')[0]);
}
