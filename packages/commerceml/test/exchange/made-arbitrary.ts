import fc from 'fast-check';
import type {
  MadeExchange,
  MadeFigures,
  MadeGood,
  MadeGroup,
  MadeOffer,
  MadeStock,
  Written,
} from './made-exchange.ts';
import type { MadeStyle } from './made-files.ts';

const SIGNS = [
  ...'абвЯё XyZ019,.-()',
  '"',
  "'",
  '&',
  '<',
  '>',
  ']]>',
  '№',
  '€',
  '\u00a0',
  '🏀',
  '日',
  '&lt;',
  '<br>',
  '\n',
  '\t',
];

/** Texts with whatever XML has a meaning for. */
export const madeText: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...SIGNS), { minLength: 1, maxLength: 12 })
  .map((signs) => `т${signs.join('')}`);

/** A decimal and how people write it; `negative` for stock. */
export function madeDecimal(bounds: { readonly min: number; readonly max: number }): fc.Arbitrary<Written> {
  return fc
    .tuple(
      fc.integer(bounds),
      fc.constantFrom('', '5', '50', '05', '125'),
      fc.constantFrom('.', ','),
      fc.boolean(),
    )
    .map(([whole, fraction, point, spaced]) => {
      const digits = String(Math.abs(whole));
      const sign = whole < 0 ? '-' : '';
      const tail = (separator: string): string => (fraction === '' ? '' : separator + fraction);
      const groups = spaced ? digits.replace(/\B(?=(\d{3})+$)/g, '\u00a0') : digits;
      return [sign + groups + tail(point), sign + digits + tail('.')] as const;
    });
}

// The last two are of classic 2.04, which makes a Товар of each characteristic.
const GOOD_IDS = [
  'g1',
  'Товар-2',
  '3d5f3106-aa00-11e3-94cb-00241d337dcd',
  'k8SNns6tiJ0j',
  '137',
  "o'g6",
  'g7/8',
  'g8#a',
  'g8#b',
];
const GROUP_IDS = Array.from({ length: 14 }, (_, index) => `gr${index}`);
const TYPE_NAMES = [
  'Розничная',
  'Опт 1 (300-600 тыс.руб в квартал)',
  'Опт 2',
  'Тренерская',
  'РРЦ',
  'МРЦ',
  'Партнер',
];
const STORES = ['w1', 'w2', "склад'3"];

const tree: fc.Arbitrary<MadeGroup[]> = fc
  .array(fc.tuple(madeText, fc.nat({ max: 20 })), { maxLength: GROUP_IDS.length })
  .map((rows) => {
    const nodes = rows.map(([name], index) => ({
      id: GROUP_IDS[index] ?? '',
      name,
      children: [] as MadeGroup[],
    }));
    const roots: MadeGroup[] = [];
    for (const [index, [, parent]] of rows.entries()) {
      const node = nodes[index] as MadeGroup;
      // The one before, more often than not: chains of a dozen are wanted, not only bushes.
      const above = nodes[parent > 6 ? index - 1 : parent];
      if (above === undefined || above === node || parent % 7 === 0 || (parent >= index && parent <= 6))
        roots.push(node);
      else above.children.push(node);
    }
    return roots;
  });

const deleted = fc.constantFrom(undefined, undefined, undefined, 'mark' as const, 'status' as const);
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

const good = (id: string): fc.Arbitrary<MadeGood> =>
  fc.record({
    id: fc.constant(id),
    name: madeText,
    article: optional(fc.constantFrom('A-1', 'Б-130001')),
    barcode: optional(fc.constant('2000000010533')),
    deleted,
    description: optional(madeText),
    groups: fc.subarray(['gr0', 'gr1', 'nobody'], { maxLength: 2 }),
    images: fc.subarray(['import_files/aa/1.jpg', 'import_files/aa/2.png']),
    maker: optional(fc.constantFrom('Фабрика', 'ООО "Мяч & К"')),
    vat: optional(fc.constantFrom('20', '10', 'Без НДС')),
    properties: fc.subarray([
      ['p1', 'v1'],
      ['p1', 'v2'],
      ['p2', 'тёплый'],
      ['p3', '1,4'],
    ] as [string, string][]),
    requisites: fc.subarray([['ОписаниеФайла', 'import_files/aa/1.jpg#Фото']] as [string, string][]),
  });

const stock: fc.Arbitrary<MadeStock> = fc.oneof(
  fc.record({
    shape: fc.constantFrom('total' as const, 'restTotal' as const),
    quantity: madeDecimal({ min: -2, max: 3000 }),
  }),
  fc.record({
    shape: fc.constantFrom('attributes' as const, 'rests' as const),
    stores: fc
      .subarray(STORES, { minLength: 1 })
      .chain((ids) =>
        fc.tuple(...ids.map((id) => madeDecimal({ min: -2, max: 3000 }).map((q) => [id, q] as const))),
      ),
  }),
);

const figures = (id: string, types: readonly string[]): fc.Arbitrary<MadeFigures> =>
  fc.record({
    id: fc.constant(id),
    prices: optional(
      fc
        .subarray([...types, 'undeclared'], { minLength: 1 })
        .chain((ids) =>
          fc.tuple(
            ...ids.map((type) =>
              madeDecimal({ min: 0, max: 1234567 }).map((amount) => [type, amount] as const),
            ),
          ),
        ),
    ),
    stock: optional(stock),
  });

const offer = (id: string, types: readonly string[]): fc.Arbitrary<MadeOffer> =>
  fc
    .tuple(
      figures(id, types),
      fc.record({
        name: madeText,
        article: optional(fc.constantFrom('A-1', 'offer-1')),
        deleted,
        characteristics: fc.subarray([
          ['Цвет', 'Чёрный'],
          ['Размер', '42'],
        ] as [string, string][]),
        images: fc.subarray(['import_files/bb/3.jpg']),
      }),
    )
    .map(([numbers, item]) => ({ ...item, ...numbers }));

/** Exchanges of every version whose parts refer to each other, and to nobody now and then. */
export const madeExchange: fc.Arbitrary<MadeExchange> = fc
  .record({ goods: fc.subarray(GOOD_IDS), types: fc.subarray(TYPE_NAMES), lost: fc.boolean() })
  .chain(({ goods, types, lost }) => {
    const typeIds = types.map((name) => `t${TYPE_NAMES.indexOf(name)}`);
    const keys = [
      ...goods.flatMap((id) => (id.includes('#') ? [id] : [id, `${id}#c1`, `${id}#c1-0`])),
      ...(lost ? ['lost#c1'] : []),
    ];
    return fc.subarray(keys).chain((sold) =>
      fc.record({
        schema: fc.constantFrom('2.04', '2.05', '2.07', '2.08', '2.10', '3.0', '3.1'),
        changesOnly: fc.constantFrom(undefined, true, false),
        groups: tree,
        properties: fc.constant([
          {
            id: 'p1',
            name: 'Материал',
            type: 'Справочник' as const,
            values: [
              ['v1', 'Хлопок'],
              ['v2', 'Лён'],
            ] as const,
          },
          { id: 'p2', name: 'Заметка', type: 'Строка' as const },
          { id: 'p3', name: 'Вес', type: 'Число' as const },
        ]),
        priceTypes: fc.constant(types.map((name, index) => [typeIds[index] ?? '', name, 'RUB'] as const)),
        warehouses: fc.constant(STORES.slice(0, 2).map((id) => [id, `Склад ${id}`] as const)),
        goods: fc.tuple(...goods.map(good)),
        offers: fc.tuple(...sold.map((id) => offer(id, typeIds))),
        figures: fc
          .tuple(...goods.filter((id) => !sold.includes(id)).map((id) => figures(id, typeIds)))
          .map((all) =>
            // A key with neither prices nor stock says nothing and would be an offer without a name.
            all.filter(({ prices, stock: rest }) => prices !== undefined || rest !== undefined),
          ),
      }),
    );
  });

/** Every way to write one down. */
export const madeStyle: fc.Arbitrary<MadeStyle> = fc.record({
  layout: fc.constantFrom('two', 'parts', 'folders'),
  encoding: fc.constantFrom(
    'utf-8',
    'utf-8-bom',
    'utf-16le',
    'utf-16be',
    'windows-1251',
    'windows-1251-undeclared',
  ),
  namespace: fc.constantFrom('none', 'default', 'prefix'),
  text: fc.constantFrom('escaped', 'references', 'cdata'),
  noise: fc.boolean(),
  portion: fc.integer({ min: 1, max: 4 }),
});
