/** The words of the generated sports shop, with the spellings that real exports mix. */

/** How a kind of goods is sized. */
export type SizeScale = 'clothes' | 'shoes' | 'gloves' | 'kids' | 'none';

/** A kind of goods: the start of its name, where it belongs, how it is sized. */
export interface GoodKind {
  readonly name: string;
  readonly group: string;
  readonly scale: SizeScale;
  /** For the characteristic `Размер_<view>`. */
  readonly view: string;
}

/** Sections below the root СПОРТ, each with its groups; `/` makes a deeper level. */
export const SECTIONS: readonly (readonly [string, readonly string[]])[] = [
  ['Единоборства', ['Кимоно', 'Перчатки боксерские', 'Шлемы', 'Защита/Капы/Капы детские']],
  ['Футбол', ['Бутсы', 'Мячи футбольные', 'Форма футбольная', 'Гетры']],
  ['Фитнес', ['Гантели', 'Коврики', 'Эспандеры', 'Обручи']],
  ['Бассейны, пляж, аксессуары', ['Бассейны', 'Круги', 'Очки для плавания']],
  ['Велоспорт', ['Велосипеды', 'Шлемы велосипедные', 'Камеры и покрышки']],
  ['Самокаты и ролики', ['Самокаты', 'Ролики/Ролики раздвижные', 'Скейтборды']],
  ['Туризм', ['Палатки', 'Рюкзаки', 'Спальные мешки', 'Посуда']],
  ['Зимние виды спорта', ['Лыжи', 'Коньки', 'Санки и ледянки', 'Сноуборды']],
  ['Игровые виды', ['Волейбол', 'Баскетбол', 'Бадминтон', 'Настольный теннис/Ракетки']],
  ['Гимнастика', ['Купальники', 'Чешки и получешки', 'Ленты и мячи']],
  ['Одежда', ['Футболки', 'Брюки', 'Куртки', 'Термобелье']],
  ['Награды и призы', ['Кубки', 'Медали']],
];

/** The kinds of goods; a good draws one. */
export const GOOD_KINDS: readonly GoodKind[] = [
  { name: 'Кимоно для джиу джитсу (BJJ)', group: 'Кимоно', scale: 'clothes', view: 'Кимоно' },
  {
    name: 'Перчатки боксерские',
    group: 'Перчатки боксерские',
    scale: 'gloves',
    view: 'Перчатки и накладки на руки',
  },
  { name: 'Шлем боксерский', group: 'Шлемы', scale: 'clothes', view: 'Шлемы' },
  { name: 'Бутсы футбольные (многошиповые)', group: 'Бутсы', scale: 'shoes', view: 'Бутсы (обувь)' },
  { name: 'Форма футбольная', group: 'Форма футбольная', scale: 'clothes', view: 'Форма' },
  { name: 'Гетры футбольные', group: 'Гетры', scale: 'shoes', view: 'Гетры' },
  { name: 'Гантель неопреновая', group: 'Гантели', scale: 'none', view: 'Гантели' },
  { name: 'Коврик для йоги', group: 'Коврики', scale: 'none', view: 'Коврики' },
  { name: 'Ролики раздвижные', group: 'Ролики раздвижные', scale: 'shoes', view: 'Ролики' },
  { name: 'Самокат 2-колесный ', group: 'Самокаты', scale: 'none', view: 'Самокаты' },
  { name: 'Рюкзак туристический', group: 'Рюкзаки', scale: 'none', view: 'Рюкзаки' },
  { name: 'Коньки хоккейные', group: 'Коньки', scale: 'shoes', view: 'Коньки' },
  { name: 'Купальник гимнастический', group: 'Купальники', scale: 'kids', view: 'Купальники' },
  { name: 'Чешки', group: 'Чешки и получешки', scale: 'shoes', view: 'Чешки' },
  { name: 'Футболка', group: 'Футболки', scale: 'clothes', view: 'Одежда' },
  { name: 'Брюки х/б', group: 'Брюки', scale: 'clothes', view: 'Одежда' },
  { name: 'Куртка утеплённая', group: 'Куртки', scale: 'clothes', view: 'Одежда' },
  { name: 'Термобельё', group: 'Термобелье', scale: 'kids', view: 'Термобелье' },
];

/** Sizes by scale, in the spellings that one export mixes. */
export const SIZES: Readonly<Record<SizeScale, readonly string[]>> = {
  clothes: ['XS', 'S', 'M', 'L', 'XL', '2XL', 'XXXL', '4XL', 'А5 (2XL)', 'М3 (145-150)'],
  shoes: ['35', '36', '37', '38', '39', '40', '41', '42', '43', '44', '45', '46', '6,5', '6.5'],
  gloves: ['6 OZ', '8 OZ', '10 OZ', '12 OZ', '14 OZ', '16 OZ'],
  kids: ['104', '110', '116 (3-4 года)', '122', '128', '134', '140', '146', '152', ' 00/120'],
  none: ['13 мм', '13мм', '1 кг', '2 кг', '3 кг', '5 кг', '0,5 кг'],
};

/** Colours as names of goods spell them; `feminine` after a feminine noun. */
export const COLORS: readonly { readonly name: string; readonly feminine: string }[] = [
  { name: 'синий', feminine: 'синяя' },
  { name: 'чёрный', feminine: 'черная' },
  { name: 'Черный', feminine: 'чёрная' },
  { name: 'красный', feminine: 'красная' },
  { name: 'белый', feminine: 'белая' },
  { name: 'жёлтый', feminine: 'желтая' },
  { name: 'зеленый', feminine: 'зелёная' },
  { name: 'розовый', feminine: 'розовая' },
  { name: 'голубой', feminine: 'голубая' },
  { name: 'серый', feminine: 'серая' },
  { name: 'тёмно-синий', feminine: 'темно-синяя' },
  { name: 'зелено-черный', feminine: 'зелено-черная' },
  { name: 'Черный/Серый', feminine: 'Черный/Серый' },
  { name: 'Жёлтый с чёрным', feminine: 'Жёлтый с чёрным' },
  { name: 'фиолетовый', feminine: 'фиолетовая' },
  { name: 'оранжевый', feminine: 'оранжевая' },
  { name: 'бордовый', feminine: 'бордовая' },
  { name: 'хаки', feminine: 'хаки' },
  { name: 'в ассортименте', feminine: 'в ассортименте' },
  { name: 'Шины принт', feminine: 'Шины принт' },
];

/** Brands with the duplicates of a real dictionary: the same name under several ids and spellings. */
export const BRANDS: readonly string[] = [
  ...Array.from({ length: 11 }, () => 'BoyBo'),
  ...Array.from({ length: 13 }, () => 'Ingame'),
  'ingame',
  'Ingame.',
  'INGAME',
  'Rusco Sport',
  'RuscoSport',
  'Espado',
  'ESPADO',
  'Cosmoride',
  'Torres',
  'Mikasa',
  'Demix',
  'Larsen',
  'Larsen ',
  'Fora',
  'Novus',
  'Без бренда',
  'Без Бренда',
  'No name',
  'no name',
  '-',
];

/** The price types of the FREESPORT export and a plain retail one. `factor` is of the retail price. */
export const PRICE_TYPES: readonly {
  readonly name: string;
  readonly factor: number;
  readonly share: number;
}[] = [
  { name: 'Опт 1 (300-600 тыс.руб в квартал)', factor: 0.6, share: 1 },
  { name: 'Опт 2 (150-300 тыс.руб в квартал)', factor: 0.65, share: 1 },
  { name: 'Опт 3 (50-150 тыс.руб в квартал)', factor: 0.7, share: 1 },
  { name: 'Тренерская', factor: 0.75, share: 0.95 },
  { name: 'МРЦ', factor: 0.95, share: 0.05 },
  { name: 'РРЦ', factor: 1.1, share: 1 },
  { name: 'Розничная', factor: 1, share: 1 },
];

/** The names of the warehouses. */
export const WAREHOUSES: readonly string[] = ['1 СДВ склад', '2 ТЛВ склад'];

/** Characteristics that say nothing to a buyer: [name, value in the file, value among the properties]. */
export const PACKAGING: readonly (readonly [string, string, string])[] = [
  ['Детский размер', '', ''],
  ['РазмерTD', '', ''],
  ['Длина индивидуальной упаковки (см)', '-999\u00a0999\u00a0999,9', '-999999999.9'],
  ['Вес коробки (кг)', '21,6', '21.6'],
  ['Кратность', '10', '10'],
  ['Длина коробки (см)', '50', '50'],
  ['TDCode', '', ''],
  ['Вес индивидуальной упаковки (кг)', '2,16', '2.16'],
  ['Высота коробки (см)', '40', '40'],
  ['Ширина коробки (см)', '30', '30'],
  ['Вес коробки БРУТТО (кг)', '', ''],
  ['Ширина индивидуальной упаковки (см)', '-999\u00a0999\u00a0999,9', '-999999999.9'],
  ['Высота индивидуальной упаковки (см)', '12', '12'],
  ['Вес индивиудальной упаковки БРУТТО (кг)', '', ''],
];
