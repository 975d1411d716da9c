/** The XML of generated documents, with tabs and element order as 1C writes them. */
import type { PlannedGood, PlannedGroup, PlannedOffer } from './plan.ts';
import { ID } from './plan.ts';
import { escapeAttribute, escapeText } from './portion-writer.ts';
import { guid } from './random.ts';
import { BRANDS, COLORS, PACKAGING, PRICE_TYPES, WAREHOUSES } from './vocabulary.ts';

/** 2.x writes the unit as attributes, in goods and (from 2.05 on) in offers. */
const UNIT_2 =
  '\t\t\t\t<БазоваяЕдиница Код="796 " НаименованиеПолное="Штука" МеждународноеСокращение="PCE">шт</БазоваяЕдиница>\n';

/** Layouts that the generator knows. */
export type Layout = '3.1' | '2.04';

/** What all documents of one exchange share. */
export interface DocumentFrame {
  readonly layout: Layout;
  readonly seed: number;
  readonly full: boolean;
  readonly formedAt: string;
}

/** Start tags down to where the records stand, and the end tags behind them. */
export interface Envelope {
  readonly header: string;
  readonly footer: string;
}

/** `Каталог/Ид` of a seed. */
export function catalogId(seed: number): string {
  return guid(seed, ID.catalog, 0);
}

function rootTag(frame: DocumentFrame): string {
  const namespaces =
    frame.layout === '3.1'
      ? ' xmlns="urn:1C.ru:commerceml_3" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
      : '';
  const node = frame.layout === '3.1' ? ' Ид="Обмен с сайтом"' : '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<КоммерческаяИнформация${namespaces} ВерсияСхемы="${frame.layout}" ДатаФормирования="${escapeAttribute(frame.formedAt)}"${node}>\n`;
}

const ROOT_END = '</КоммерческаяИнформация>\n';

function changes(frame: DocumentFrame): string {
  return ` СодержитТолькоИзменения="${!frame.full}"`;
}

/** A document with only a `Классификатор`, whose body is given. */
/** A `Классификатор` element with the given body. */
export function classifierDocument(frame: DocumentFrame, body: string): string {
  return `${rootTag(frame)}${classifier(frame, body)}${ROOT_END}`;
}

export function classifier(frame: DocumentFrame, body: string): string {
  const id = catalogId(frame.seed);
  return `\t<Классификатор${frame.layout === '3.1' ? changes(frame) : ''}>\n\t\t<Ид>${id}</Ид>\n\t\t<Наименование>Товары 1С</Наименование>\n${body}\t</Классификатор>\n`;
}

/** Round `Товар` elements. */
export function goodsEnvelope(frame: DocumentFrame, before = ''): Envelope {
  const id = catalogId(frame.seed);
  return {
    header: `${rootTag(frame)}${before}\t<Каталог${changes(frame)}>\n\t\t<Ид>${id}</Ид>\n\t\t<ИдКлассификатора>${id}</ИдКлассификатора>\n\t\t<Наименование>Товары 1С</Наименование>\n\t\t<Товары>\n`,
    footer: `\t\t</Товары>\n\t\t<Описание>Товары 1С</Описание>\n\t</Каталог>\n${ROOT_END}`,
  };
}

/** Round `Предложение` elements. */
export function offersEnvelope(frame: DocumentFrame, before = ''): Envelope {
  const id = catalogId(frame.seed);
  const packageId = frame.layout === '3.1' ? `#${id}` : `${id}#`;
  return {
    header: `${rootTag(frame)}\t<ПакетПредложений${changes(frame)}>\n\t\t<Ид>${packageId}</Ид>\n\t\t<Наименование>Пакет предложений (Товары 1С)</Наименование>\n\t\t<ИдКаталога>${id}</ИдКаталога>\n\t\t<ИдКлассификатора>${id}</ИдКлассификатора>\n${before}\t\t<Предложения>\n`,
    footer: `\t\t</Предложения>\n\t</ПакетПредложений>\n${ROOT_END}`,
  };
}

/** A `Группа` with all groups below it. */
export function groupsXml(group: PlannedGroup): string {
  const children = group.children.map(groupsXml).join('');
  const inner = children === '' ? '' : `<Группы>\n${children}</Группы>\n`;
  return `<Группа>\n<Ид>${group.id}</Ид>\n<НомерВерсии>AAAAAAAAAAE=</НомерВерсии>\n<ПометкаУдаления>false</ПометкаУдаления>\n<Наименование>${escapeText(group.name)}</Наименование>\n${inner}</Группа>\n`;
}

/** `ТипыЦен` with every price type of the vocabulary. */
export function priceTypesXml(seed: number): string {
  const types = PRICE_TYPES.map(
    ({ name }, i) =>
      `\t\t\t<ТипЦены>\n\t\t\t\t<Ид>${guid(seed, ID.priceType, i)}</Ид>\n\t\t\t\t<Наименование>${escapeText(name)}</Наименование>\n\t\t\t\t<Валюта>RUB</Валюта>\n\t\t\t\t<Налог>\n\t\t\t\t\t<Наименование>НДС</Наименование>\n\t\t\t\t\t<УчтеноВСумме>true</УчтеноВСумме>\n\t\t\t\t\t<Акциз>false</Акциз>\n\t\t\t\t</Налог>\n\t\t\t</ТипЦены>\n`,
  );
  return `\t\t<ТипыЦен>\n${types.join('')}\t\t</ТипыЦен>\n`;
}

/** `Склады` with every warehouse of the vocabulary. */
export function warehousesXml(seed: number): string {
  const list = WAREHOUSES.map(
    (name, i) =>
      `\t\t\t<Склад>\n\t\t\t\t<Ид>${guid(seed, ID.warehouse, i)}</Ид>\n\t\t\t\t<Наименование>${name}</Наименование>\n\t\t\t</Склад>\n`,
  );
  return `\t\t<Склады>\n${list.join('')}\t\t</Склады>\n`;
}

/** `ЕдиницыИзмерения` with padded ids and one empty one, as in the real export. */
export function unitsXml(): string {
  const unit = (id: string, short: string, full: string): string =>
    `\t\t\t<ЕдиницаИзмерения>\n\t\t\t\t<Ид>${id}</Ид>\n\t\t\t\t<ПометкаУдаления>false</ПометкаУдаления>\n\t\t\t\t<НаименованиеКраткое>${short}</НаименованиеКраткое>\n\t\t\t\t<Код>${id}</Код>\n\t\t\t\t<НаименованиеПолное>${full}</НаименованиеПолное>\n\t\t\t</ЕдиницаИзмерения>\n`;
  const padded = `Упаковка${' '.repeat(92)}`;
  return `\t\t<ЕдиницыИзмерения>\n${unit('796 ', 'шт', 'Штука')}${unit('715 ', 'пар', 'Пара')}${unit('778 ', 'упак', padded)}${unit('', 'ящ', 'Ящик')}\t\t</ЕдиницыИзмерения>\n`;
}

/** Id of an offer property by its name: `Размер_<view>` is the property `Размер`, as in the real export. */
export function offerPropertyId(seed: number, name: string): string {
  const index = PACKAGING.findIndex((entry) => entry[0] === name);
  return guid(seed, ID.property, index === -1 ? 99 : 100 + index);
}

/** Properties of goods: the brand dictionary and two colours of the same name, one with an empty dictionary. */
export function goodsPropertiesXml(seed: number): string {
  return propertiesElement(goodsProperties(seed));
}

/** Properties of offers: packaging and `Размер`. */
export function offersPropertiesXml(seed: number): string {
  return propertiesElement(offersProperties(seed));
}

/** Both in one element, as 2.04 has them. */
export function allPropertiesXml(seed: number): string {
  return propertiesElement(goodsProperties(seed) + offersProperties(seed));
}

function propertiesElement(properties: string): string {
  return `\t\t<Свойства>\n${properties}\t\t</Свойства>\n`;
}

function goodsProperties(seed: number): string {
  const brands = BRANDS.map((name, i) => dictionaryEntry(guid(seed, ID.brand, i), name));
  const colors = COLORS.map(({ name }, i) => dictionaryEntry(guid(seed, ID.value, i), name));
  return (
    property('Бренд', 'Бренд', 'Справочник', brands) +
    property(guid(seed, ID.property, 0), 'Цвет', 'Справочник', colors) +
    property(guid(seed, ID.property, 1), 'Цвет', 'Справочник', []) +
    property(guid(seed, ID.property, 2), 'Материал', 'Строка', [])
  );
}

function offersProperties(seed: number): string {
  const list = PACKAGING.map(([name]) => property(offerPropertyId(seed, name), name, 'Строка', []));
  return list.join('') + property(offerPropertyId(seed, 'Размер'), 'Размер', 'Строка', []);
}

function property(id: string, name: string, type: string, values: readonly string[]): string {
  const dictionary =
    values.length === 0 ? '' : `\t\t\t\t<ВариантыЗначений>\n${values.join('')}\t\t\t\t</ВариантыЗначений>\n`;
  return `\t\t\t<Свойство>\n\t\t\t\t<Ид>${id}</Ид>\n\t\t\t\t<Наименование>${escapeText(name)}</Наименование>\n\t\t\t\t<ПометкаУдаления>false</ПометкаУдаления>\n\t\t\t\t<ТипЗначений>${type}</ТипЗначений>\n${dictionary}\t\t\t</Свойство>\n`;
}

function dictionaryEntry(id: string, value: string): string {
  return `\t\t\t\t\t<Справочник>\n\t\t\t\t\t\t<ИдЗначения>${id}</ИдЗначения>\n\t\t\t\t\t\t<Значение>${escapeText(value)}</Значение>\n\t\t\t\t\t</Справочник>\n`;
}

/** A `Товар` in the layout of the frame. */
export function goodXml(good: PlannedGood, frame: DocumentFrame): string {
  const v3 = frame.layout === '3.1';
  const status = !v3 && good.deleted ? ' Статус="Удален"' : '';
  const mark = v3
    ? `\t\t\t\t<НомерВерсии>AAAAAAAAAAI=</НомерВерсии>\n\t\t\t\t<ПометкаУдаления>${good.deleted}</ПометкаУдаления>\n`
    : '';
  const article = good.article === undefined ? '' : `\t\t\t\t<Артикул>${good.article}</Артикул>\n`;
  const unit = v3 ? '\t\t\t\t<БазоваяЕдиница>796 </БазоваяЕдиница>\n' : UNIT_2;
  const images = good.images.map((image) => `\t\t\t\t<Картинка>${image}</Картинка>\n`).join('');
  const refs =
    ref('Бренд', good.brandId) +
    ref(
      guid(frame.seed, ID.property, 1),
      good.index % 9 === 0 ? '00000000-0000-0000-0000-000000000000' : '',
    ) +
    ref(guid(frame.seed, ID.property, 2), 'полиэстер, хлопок');
  return `\t\t\t<Товар${status}>\n\t\t\t\t<Ид>${good.id}</Ид>\n${mark}\t\t\t\t<Штрихкод/>\n${article}\t\t\t\t<Наименование>${escapeText(good.name)}</Наименование>\n${unit}\t\t\t\t<Группы>\n\t\t\t\t\t<Ид>${good.groupId}</Ид>\n\t\t\t\t</Группы>\n\t\t\t\t<Описание>${escapeText(good.description)}</Описание>\n${images}\t\t\t\t<Страна>КИТАЙ</Страна>\n\t\t\t\t<Изготовитель>\n\t\t\t\t\t<Ид>${guid(frame.seed, ID.brand, 1000)}</Ид>\n\t\t\t\t\t<Наименование>Нантонг фитнес ко,лтд</Наименование>\n\t\t\t\t</Изготовитель>\n\t\t\t\t<ЗначенияСвойств>\n${refs}\t\t\t\t</ЗначенияСвойств>\n\t\t\t\t<СтавкиНалогов>\n\t\t\t\t\t<СтавкаНалога>\n\t\t\t\t\t\t<Наименование>НДС</Наименование>\n\t\t\t\t\t\t<Ставка>${good.vat}</Ставка>\n\t\t\t\t\t</СтавкаНалога>\n\t\t\t\t</СтавкиНалогов>\n\t\t\t\t<ЗначенияРеквизитов>\n\t\t\t\t\t<ЗначениеРеквизита>\n\t\t\t\t\t\t<Наименование>Бренд</Наименование>\n\t\t\t\t\t\t<Значение>${good.brandId}</Значение>\n\t\t\t\t\t</ЗначениеРеквизита>\n\t\t\t\t</ЗначенияРеквизитов>\n\t\t\t</Товар>\n`;
}

function ref(id: string, value: string): string {
  return `\t\t\t\t\t<ЗначенияСвойства>\n\t\t\t\t\t\t<Ид>${id}</Ид>\n\t\t\t\t\t\t${value === '' ? '<Значение/>' : `<Значение>${escapeText(value)}</Значение>`}\n\t\t\t\t\t</ЗначенияСвойства>\n`;
}

/** An offer; `inner` are its prices and its stock where the layout keeps them together. */
export function offerXml(offer: PlannedOffer, frame: DocumentFrame, inner = ''): string {
  const mark =
    frame.layout === '3.1'
      ? '\t\t\t\t<НомерВерсии>AAAAAAAAAAE=</НомерВерсии>\n\t\t\t\t<ПометкаУдаления>false</ПометкаУдаления>\n'
      : '';
  const unit = frame.layout === '3.1' ? '' : UNIT_2;
  let characteristics = '';
  let refs = '';
  for (const [name, display, value] of offer.characteristics) {
    const shown = display === '' ? '<Значение/>' : `<Значение>${escapeText(display)}</Значение>`;
    characteristics += `\t\t\t\t\t<ХарактеристикаТовара>\n\t\t\t\t\t\t<Наименование>${escapeText(name)}</Наименование>\n\t\t\t\t\t\t${shown}\n\t\t\t\t\t</ХарактеристикаТовара>\n`;
    refs += ref(offerPropertyId(frame.seed, name), value);
  }
  const body =
    characteristics === ''
      ? ''
      : `\t\t\t\t<ХарактеристикиТовара>\n${characteristics}\t\t\t\t</ХарактеристикиТовара>\n\t\t\t\t<ЗначенияСвойств>\n${refs}\t\t\t\t</ЗначенияСвойств>\n`;
  return `\t\t\t<Предложение>\n\t\t\t\t<Ид>${offer.id}</Ид>\n${mark}\t\t\t\t<Наименование>${escapeText(offer.name)}</Наименование>\n${unit}${body}${inner}\t\t\t</Предложение>\n`;
}

/** `Цены` of one key; amounts are decimal strings. */
export function pricesXml(
  prices: readonly { readonly typeId: string; readonly amount: string }[],
  layout: Layout,
): string {
  let list = '';
  for (const { typeId, amount } of prices) {
    const tail =
      layout === '3.1'
        ? '\t\t\t\t\t\t<Налог>\n\t\t\t\t\t\t\t<Наименование>НДС</Наименование>\n\t\t\t\t\t\t\t<УчтеноВСумме>true</УчтеноВСумме>\n\t\t\t\t\t\t</Налог>\n'
        : '\t\t\t\t\t\t<Единица>шт</Единица>\n\t\t\t\t\t\t<Коэффициент>1</Коэффициент>\n';
    list += `\t\t\t\t\t<Цена>\n\t\t\t\t\t\t<Представление>${amount.replace('.', ',')} руб</Представление>\n\t\t\t\t\t\t<ИдТипаЦены>${typeId}</ИдТипаЦены>\n\t\t\t\t\t\t<ЦенаЗаЕдиницу>${amount}</ЦенаЗаЕдиницу>\n\t\t\t\t\t\t<Валюта>руб</Валюта>\n${tail}\t\t\t\t\t</Цена>\n`;
  }
  return `\t\t\t\t<Цены>\n${list}\t\t\t\t</Цены>\n`;
}

/** `Остатки` of one key, one `Остаток` a warehouse, zeros included. */
export function restsXml(stocks: readonly number[], warehouseIds: readonly string[]): string {
  const list = stocks.map(
    (quantity, i) =>
      `\t\t\t\t\t<Остаток>\n\t\t\t\t\t\t<Склад>\n\t\t\t\t\t\t\t<Ид>${warehouseIds[i] ?? ''}</Ид>\n\t\t\t\t\t\t\t<Количество>${quantity}</Количество>\n\t\t\t\t\t\t</Склад>\n\t\t\t\t\t</Остаток>\n`,
  );
  return `\t\t\t\t<Остатки>\n${list.join('')}\t\t\t\t</Остатки>\n`;
}

/** A `Предложение` that is only a key with prices or rests (the 3.1 files of those kinds). */
export function keyedXml(key: string, inner: string): string {
  return `\t\t\t<Предложение>\n\t\t\t\t<Ид>${key}</Ид>\n${inner}\t\t\t</Предложение>\n`;
}
