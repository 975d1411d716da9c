import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Parts of a small exchange; every list may be left out. `full: undefined` writes no attribute, which means full. */
export interface FixtureParts {
  readonly full?: boolean | undefined;
  readonly groups?: readonly { id: string; name: string; parent?: string; deleted?: boolean }[];
  readonly brands?: readonly (readonly [id: string, name: string])[];
  readonly priceTypes?: readonly (readonly [id: string, name: string])[];
  readonly warehouses?: readonly string[];
  readonly goods?: readonly FixtureGood[];
  readonly offers?: readonly FixtureOffer[];
}

export interface FixtureGood {
  readonly id: string;
  readonly name?: string;
  readonly article?: string;
  readonly group?: string;
  readonly brand?: string;
  readonly maker?: string;
  readonly deleted?: boolean;
  readonly prices?: Readonly<Record<string, string>>;
}

export interface FixtureOffer {
  readonly id: string;
  readonly name?: string;
  readonly article?: string;
  readonly deleted?: boolean;
  readonly characteristics?: Readonly<Record<string, string>>;
  readonly prices?: Readonly<Record<string, string>>;
  /** Total, or by warehouse. */
  readonly rest?: string | Readonly<Record<string, string>>;
}

/** Folders of fixtures, removed together. */
export class Fixtures {
  readonly #root = mkdtempSync(path.join(tmpdir(), 'onec-fixture-'));
  #count = 0;

  /** Writes an exchange as 2.09 does: `import.xml` and `offers.xml`. */
  write(parts: FixtureParts): string {
    const directory = this.folder();
    writeFileSync(path.join(directory, 'import.xml'), importXml(parts));
    if (parts.offers !== undefined) writeFileSync(path.join(directory, 'offers.xml'), offersXml(parts));
    return directory;
  }

  folder(): string {
    this.#count += 1;
    const directory = path.join(this.#root, String(this.#count));
    mkdirSync(directory, { recursive: true });
    return directory;
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

const ROOT = `<КоммерческаяИнформация ВерсияСхемы="2.09" ДатаФормирования="2025-01-01T00:00:00">`;

export function importXml(parts: FixtureParts): string {
  const { groups = [], brands, goods = [] } = parts;
  const tree = (parent?: string): string => {
    const children = groups.filter((group) => group.parent === parent);
    if (children.length === 0) return '';
    return `<Группы>${children
      .map(
        ({ id, name, deleted }) =>
          `<Группа><Ид>${id}</Ид><Наименование>${name}</Наименование>${mark(deleted)}${tree(id)}</Группа>`,
      )
      .join('')}</Группы>`;
  };
  const properties =
    brands === undefined
      ? ''
      : `<Свойства><Свойство><Ид>Бренд</Ид><Наименование>Бренд</Наименование><ТипЗначений>Справочник</ТипЗначений>
        <ВариантыЗначений>${brands
          .map(
            ([id, name]) =>
              `<Справочник><ИдЗначения>${id}</ИдЗначения><Значение>${name}</Значение></Справочник>`,
          )
          .join('')}</ВариантыЗначений></Свойство></Свойства>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${ROOT}
    <Классификатор><Ид>k</Ид><Наименование>k</Наименование>${tree()}${properties}</Классификатор>
    <Каталог${fullness(parts)}><Ид>c</Ид><Товары>${goods.map(goodXml).join('\n')}</Товары></Каталог>
  </КоммерческаяИнформация>`;
}

export function offersXml(parts: FixtureParts): string {
  const { priceTypes = [], warehouses = [], offers = [] } = parts;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${ROOT}
    <ПакетПредложений${fullness(parts)}><Ид>c#</Ид>
    <ТипыЦен>${priceTypes
      .map(
        ([id, name]) =>
          `<ТипЦены><Ид>${id}</Ид><Наименование>${name}</Наименование><Валюта>RUB</Валюта></ТипЦены>`,
      )
      .join('')}</ТипыЦен>
    <Склады>${warehouses.map((id) => `<Склад><Ид>${id}</Ид><Наименование>Склад ${id}</Наименование></Склад>`).join('')}</Склады>
    <Предложения>${offers.map(offerXml).join('\n')}</Предложения></ПакетПредложений>
  </КоммерческаяИнформация>`;
}

function goodXml(good: FixtureGood): string {
  const { id, name = `Товар ${id}`, article, group, brand, maker, deleted, prices } = good;
  return `<Товар><Ид>${id}</Ид>${tag('Артикул', article)}<Наименование>${name}</Наименование>${mark(deleted)}
    ${group === undefined ? '' : `<Группы><Ид>${group}</Ид></Группы>`}
    ${maker === undefined ? '' : `<Изготовитель><Ид>m</Ид><Наименование>${maker}</Наименование></Изготовитель>`}
    ${brand === undefined ? '' : `<ЗначенияСвойств><ЗначенияСвойства><Ид>Бренд</Ид><Значение>${brand}</Значение></ЗначенияСвойства></ЗначенияСвойств>`}
    ${pricesXml(prices)}</Товар>`;
}

function offerXml(offer: FixtureOffer): string {
  const { id, name = `Предложение ${id}`, article, deleted, characteristics = {}, prices, rest } = offer;
  const pairs = Object.entries(characteristics).map(
    ([key, value]) =>
      `<ХарактеристикаТовара><Наименование>${key}</Наименование><Значение>${value}</Значение></ХарактеристикаТовара>`,
  );
  const stores =
    rest === undefined
      ? ''
      : typeof rest === 'string'
        ? `<Количество>${rest}</Количество>`
        : Object.entries(rest)
            .map(([store, count]) => `<Склад ИдСклада="${store}" КоличествоНаСкладе="${count}"/>`)
            .join('');
  return `<Предложение><Ид>${id}</Ид>${tag('Артикул', article)}<Наименование>${name}</Наименование>${mark(deleted)}
    <ХарактеристикиТовара>${pairs.join('')}</ХарактеристикиТовара>${pricesXml(prices)}${stores}</Предложение>`;
}

function pricesXml(prices: Readonly<Record<string, string>> | undefined): string {
  if (prices === undefined) return '';
  return `<Цены>${Object.entries(prices)
    .map(
      ([type, amount]) =>
        `<Цена><ИдТипаЦены>${type}</ИдТипаЦены><ЦенаЗаЕдиницу>${amount}</ЦенаЗаЕдиницу><Валюта>RUB</Валюта></Цена>`,
    )
    .join('')}</Цены>`;
}

function tag(name: string, value: string | undefined): string {
  return value === undefined ? '' : `<${name}>${value}</${name}>`;
}

function mark(deleted: boolean | undefined): string {
  return deleted === undefined ? '' : `<ПометкаУдаления>${deleted}</ПометкаУдаления>`;
}

function fullness({ full }: FixtureParts): string {
  return full === undefined ? '' : ` СодержитТолькоИзменения="${!full}"`;
}
