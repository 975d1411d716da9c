/**
 * The shape of a CommerceML document as a table of states: which element may follow which, and whose text is
 * wanted. It is the union of all versions from 2.04 to 3.1, because the version attribute promises less than
 * the files hold. Elements that are not here are skipped, though still checked for well-formedness.
 */

import { TEXT_IGNORED, TEXT_REPEATED, TEXT_WANTED } from '../xml/xml-scanner.ts';

export const SKIP = 0;
export const OUTSIDE = 1;
export const ROOT = 2;
export const SECTION = 3;
export const GROUPS = 4;
export const GROUP = 5;
export const GROUP_ID = 6;
export const GROUP_NAME = 7;
export const GROUP_DELETED = 8;
export const PROPERTIES = 9;
export const PROPERTY = 10;
export const PROPERTY_ID = 11;
export const PROPERTY_NAME = 12;
export const PROPERTY_TYPE = 13;
export const PROPERTY_DELETED = 14;
export const VALUES = 15;
export const VALUE = 16;
export const VALUE_ID = 17;
export const VALUE_TEXT = 18;
export const VALUE_BARE = 19;
export const PRICE_TYPES = 20;
export const PRICE_TYPE = 21;
export const PRICE_TYPE_CURRENCY = 22;
export const WAREHOUSES = 23;
export const WAREHOUSE = 24;
export const UNITS = 25;
export const UNIT = 26;
export const UNIT_CODE = 27;
export const UNIT_SHORT = 28;
export const UNIT_FULL = 29;
/** `Ид`, `Наименование` and `ПометкаУдаления` of price types, warehouses and units. */
export const ENTRY_ID = 30;
export const ENTRY_NAME = 31;
export const ENTRY_DELETED = 32;
export const ITEMS = 33;
/** A `Товар` or a `Предложение`: they have the same children in some version or other. */
export const ITEM = 34;
export const ITEM_ID = 35;
export const ITEM_NAME = 36;
export const ITEM_ARTICLE = 37;
export const ITEM_BARCODE = 38;
export const ITEM_DELETED = 39;
export const ITEM_DESCRIPTION = 40;
export const ITEM_IMAGE = 41;
export const ITEM_UNIT = 42;
export const ITEM_GROUPS = 43;
export const ITEM_GROUP_ID = 44;
export const MAKER = 45;
export const MAKER_ID = 46;
export const MAKER_NAME = 47;
export const REFS = 48;
export const REF = 49;
export const REF_ID = 50;
export const REF_VALUE = 51;
export const TAXES = 52;
export const TAX = 53;
export const TAX_NAME = 54;
export const TAX_RATE = 55;
export const REQUISITES = 56;
export const REQUISITE = 57;
export const CHARACTERISTICS = 58;
export const CHARACTERISTIC = 59;
/** `Наименование` and `Значение` of a requisite or a characteristic. */
export const PAIR_NAME = 60;
export const PAIR_VALUE = 61;
export const PRICES = 62;
export const PRICE = 63;
export const PRICE_TYPE_ID = 64;
export const PRICE_AMOUNT = 65;
export const PRICE_CURRENCY = 66;
export const RESTS = 67;
export const REST = 68;
export const REST_QUANTITY = 69;
export const REST_WAREHOUSE = 70;
export const REST_WAREHOUSE_ID = 71;
export const REST_WAREHOUSE_QUANTITY = 72;
export const ITEM_QUANTITY = 73;
export const ITEM_WAREHOUSE = 74;
export const VALUE_TYPES = 75;
export const VALUE_TYPE = 76;
export const ITEM_VERSION = 77;
export const ITEM_CHARACTERISTIC_ID = 78;
export const ITEM_WAREHOUSE_ID = 79;
export const ITEM_WAREHOUSE_QUANTITY = 80;
/** An `ИдСклада` beside the figure of an `Остаток`. */
export const REST_STORE_ID = 81;
export const PRICE_MIN_QUANTITY = 82;
export const STATE_COUNT = 83;

const TREE: ReadonlyArray<readonly [number, Readonly<Record<string, number>>]> = [
  [OUTSIDE, { КоммерческаяИнформация: ROOT }],
  [
    ROOT,
    {
      Классификатор: SECTION,
      Каталог: SECTION,
      ПакетПредложений: SECTION,
      ИзмененияПакетаПредложений: SECTION,
    },
  ],
  [
    SECTION,
    {
      Группы: GROUPS,
      Свойства: PROPERTIES,
      ТипыЦен: PRICE_TYPES,
      Склады: WAREHOUSES,
      ЕдиницыИзмерения: UNITS,
      Товары: ITEMS,
      Предложения: ITEMS,
    },
  ],
  [GROUPS, { Группа: GROUP }],
  [GROUP, { Ид: GROUP_ID, Наименование: GROUP_NAME, ПометкаУдаления: GROUP_DELETED, Группы: GROUPS }],
  [PROPERTIES, { Свойство: PROPERTY, СвойствоНоменклатуры: PROPERTY }],
  [
    PROPERTY,
    {
      Ид: PROPERTY_ID,
      Наименование: PROPERTY_NAME,
      ТипЗначений: PROPERTY_TYPE,
      ТипыЗначений: VALUE_TYPES,
      ПометкаУдаления: PROPERTY_DELETED,
      ВариантыЗначений: VALUES,
    },
  ],
  [VALUE_TYPES, { ТипЗначений: VALUE_TYPE }],
  [VALUE_TYPE, { Тип: PROPERTY_TYPE, ВариантыЗначений: VALUES }],
  [VALUES, { Справочник: VALUE, ВариантЗначения: VALUE, Значение: VALUE_BARE }],
  [VALUE, { ИдЗначения: VALUE_ID, Ид: VALUE_ID, Значение: VALUE_TEXT }],
  [PRICE_TYPES, { ТипЦены: PRICE_TYPE }],
  [
    PRICE_TYPE,
    { Ид: ENTRY_ID, Наименование: ENTRY_NAME, ПометкаУдаления: ENTRY_DELETED, Валюта: PRICE_TYPE_CURRENCY },
  ],
  [WAREHOUSES, { Склад: WAREHOUSE }],
  [WAREHOUSE, { Ид: ENTRY_ID, Наименование: ENTRY_NAME, ПометкаУдаления: ENTRY_DELETED }],
  [UNITS, { ЕдиницаИзмерения: UNIT }],
  [UNIT, { Ид: ENTRY_ID, Код: UNIT_CODE, НаименованиеКраткое: UNIT_SHORT, НаименованиеПолное: UNIT_FULL }],
  [ITEMS, { Товар: ITEM, Предложение: ITEM }],
  [
    ITEM,
    {
      Ид: ITEM_ID,
      НомерВерсии: ITEM_VERSION,
      Наименование: ITEM_NAME,
      Артикул: ITEM_ARTICLE,
      Штрихкод: ITEM_BARCODE,
      ПометкаУдаления: ITEM_DELETED,
      Описание: ITEM_DESCRIPTION,
      Картинка: ITEM_IMAGE,
      БазоваяЕдиница: ITEM_UNIT,
      Группы: ITEM_GROUPS,
      Изготовитель: MAKER,
      ЗначенияСвойств: REFS,
      СтавкиНалогов: TAXES,
      ЗначенияРеквизитов: REQUISITES,
      ХарактеристикиТовара: CHARACTERISTICS,
      Цены: PRICES,
      Остатки: RESTS,
      ОстаткиПоСкладам: RESTS,
      КоличествоНаСкладах: RESTS,
      Количество: ITEM_QUANTITY,
      Склад: ITEM_WAREHOUSE,
      Склады: ITEM_WAREHOUSE,
      ИдХарактеристики: ITEM_CHARACTERISTIC_ID,
    },
  ],
  // `<Склад ИдСклада="" КоличествоНаСкладе=""/>` (2.07), the same as `<Склады …/>` (ИзмененияПакетаПредложений), with children
  // instead of attributes (modules of other shops), or a list of `Склад`.
  [
    ITEM_WAREHOUSE,
    {
      Склад: ITEM_WAREHOUSE,
      Ид: ITEM_WAREHOUSE_ID,
      ИдСклада: ITEM_WAREHOUSE_ID,
      Количество: ITEM_WAREHOUSE_QUANTITY,
      КоличествоНаСкладе: ITEM_WAREHOUSE_QUANTITY,
    },
  ],
  [ITEM_GROUPS, { Ид: ITEM_GROUP_ID }],
  [MAKER, { Ид: MAKER_ID, Наименование: MAKER_NAME }],
  [REFS, { ЗначенияСвойства: REF, ЗначениеСвойства: REF }],
  [REF, { Ид: REF_ID, Значение: REF_VALUE, ИдЗначения: REF_VALUE }],
  [TAXES, { СтавкаНалога: TAX }],
  [TAX, { Наименование: TAX_NAME, Ставка: TAX_RATE }],
  [REQUISITES, { ЗначениеРеквизита: REQUISITE }],
  [REQUISITE, { Наименование: PAIR_NAME, Значение: PAIR_VALUE }],
  [CHARACTERISTICS, { ХарактеристикаТовара: CHARACTERISTIC }],
  [CHARACTERISTIC, { Наименование: PAIR_NAME, Значение: PAIR_VALUE }],
  [PRICES, { Цена: PRICE }],
  [
    PRICE,
    {
      ИдТипаЦены: PRICE_TYPE_ID,
      ЦенаЗаЕдиницу: PRICE_AMOUNT,
      Валюта: PRICE_CURRENCY,
      МинКоличество: PRICE_MIN_QUANTITY,
    },
  ],
  [RESTS, { Остаток: REST, КоличествоНаСкладе: REST }],
  [REST, { Количество: REST_QUANTITY, Склад: REST_WAREHOUSE, ИдСклада: REST_STORE_ID }],
  [REST_WAREHOUSE, { Ид: REST_WAREHOUSE_ID, Количество: REST_WAREHOUSE_QUANTITY }],
];

/** State after a start tag, by parent state and local name. */
export const TRANSITIONS: ReadonlyArray<ReadonlyMap<string, number> | undefined> = transitions();

function transitions(): (ReadonlyMap<string, number> | undefined)[] {
  const table: (ReadonlyMap<string, number> | undefined)[] = new Array(STATE_COUNT).fill(undefined);
  for (const [parent, children] of TREE) table[parent] = new Map(Object.entries(children));
  return table;
}

/** Leaves with few distinct texts. */
const REPEATED: readonly number[] = [
  PRICE_TYPE_ID,
  PRICE_CURRENCY,
  REST_WAREHOUSE_ID,
  REST_STORE_ID,
  ITEM_WAREHOUSE_ID,
  ITEM_WAREHOUSE_QUANTITY,
  PRICE_MIN_QUANTITY,
  REST_QUANTITY,
  REST_WAREHOUSE_QUANTITY,
  ITEM_QUANTITY,
  PAIR_NAME,
  PAIR_VALUE,
  REF_ID,
  REF_VALUE,
  ITEM_DELETED,
  ITEM_GROUP_ID,
  ITEM_UNIT,
  MAKER_ID,
  TAX_NAME,
  TAX_RATE,
];

/** What to do with the text of a state: leaves of the tree are decoded, except the one that is of no use. */
export const TEXT_MODES: Uint8Array = textModes();

function textModes(): Uint8Array {
  const modes = new Uint8Array(STATE_COUNT);
  for (let state = ROOT; state < STATE_COUNT; state += 1) {
    if (TRANSITIONS[state] === undefined) modes[state] = TEXT_WANTED;
  }
  for (const state of REPEATED) modes[state] = TEXT_REPEATED;
  modes[ITEM_VERSION] = TEXT_IGNORED;
  return modes;
}
