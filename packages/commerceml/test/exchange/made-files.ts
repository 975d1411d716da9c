import iconv from 'iconv-lite';
import type { ExchangeFile } from '../../src/index.ts';
import type {
  MadeExchange,
  MadeFigures,
  MadeGood,
  MadeGroup,
  MadeOffer,
  MadeStock,
  Written,
} from './made-exchange.ts';

/** How an exchange is written down. */
export interface MadeStyle {
  /** `two`: import.xml and offers.xml; `parts`: import0_1.xml …; `folders`: a folder a kind, portions, as in 3.x. */
  readonly layout: 'two' | 'parts' | 'folders';
  readonly encoding:
    | 'utf-8'
    | 'utf-8-bom'
    | 'utf-16le'
    | 'utf-16be'
    | 'windows-1251'
    | 'windows-1251-undeclared';
  readonly namespace: 'none' | 'default' | 'prefix';
  readonly text: 'escaped' | 'references' | 'cdata';
  /** Comments, processing instructions and unknown elements between everything. */
  readonly noise: boolean;
  /** Records in a portion. */
  readonly portion: number;
}

/** Plain, as most sites of 1C get it. */
export const PLAIN: MadeStyle = {
  layout: 'two',
  encoding: 'utf-8',
  namespace: 'default',
  text: 'escaped',
  noise: false,
  portion: 2,
};

/** The files of an exchange by name. */
export function madeFiles(exchange: MadeExchange, style: MadeStyle): Map<string, Buffer> {
  const writer = new Writer(exchange, style);
  return new Map([...writer.documents()].map(([name, xml]) => [name, encode(xml, style.encoding)] as const));
}

/** The same as a list that is read from memory. */
export function inMemory(files: ReadonlyMap<string, Buffer>): { readonly files: ExchangeFile[] } {
  return {
    files: [...files].map(([name, content]) => ({
      name,
      bytes: content.length,
      chunks: async function* () {
        yield content;
      },
    })),
  };
}

function encode(xml: string, encoding: MadeStyle['encoding']): Buffer {
  if (encoding === 'utf-8-bom') return Buffer.from(`\ufeff${xml}`);
  if (encoding === 'utf-8') return Buffer.from(xml);
  if (encoding === 'utf-16le') return Buffer.from(`\ufeff${xml}`, 'utf16le');
  if (encoding === 'utf-16be') return Buffer.from(`\ufeff${xml}`, 'utf16le').swap16();
  return iconv.encode(xml, 'windows-1251');
}

type Attributes = Readonly<Record<string, string | undefined>>;
const NAMESPACE: Readonly<Record<string, string>> = {
  2: 'urn:1C.ru:commerceml_2',
  3: 'urn:1C.ru:commerceml_3',
};

class Writer {
  readonly #exchange: MadeExchange;
  readonly #style: MadeStyle;

  constructor(exchange: MadeExchange, style: MadeStyle) {
    this.#exchange = exchange;
    this.#style = style;
  }

  *documents(): Generator<readonly [string, string]> {
    const { goods = [], offers = [], figures = [] } = this.#exchange;
    const { layout } = this.#style;
    if (layout === 'folders') {
      yield* this.#folders();
      return;
    }
    const goodParts = layout === 'parts' ? portions(goods, this.#style.portion) : [goods];
    for (const [index, part] of goodParts.entries()) {
      const classifier = index === 0 ? this.#classifier(this.#groups(), this.#properties()) : '';
      const name = layout === 'parts' ? `import${index}_1.xml` : 'import.xml';
      yield [name, this.#document(classifier, this.#catalogue(part))];
    }
    const keys = [
      ...offers.map((offer) => this.#offer(offer, true)),
      ...figures.map((key) => this.#key(key)),
    ];
    const offerParts = layout === 'parts' ? portions(keys, this.#style.portion) : [keys];
    for (const [index, part] of offerParts.entries()) {
      const head = index === 0 ? [this.#priceTypes(), this.#warehouses()] : [];
      const name = layout === 'parts' ? `offers${index}_1.xml` : 'offers.xml';
      yield [name, this.#document(this.#package(part, head))];
    }
  }

  *#folders(): Generator<readonly [string, string]> {
    const { goods = [], offers = [], figures = [], groups = [], properties = [] } = this.#exchange;
    const file = (folder: string, index: number): string =>
      `${folder}/${folder}_1_${index + 1}_c0ffee-0${index}.xml`;
    if (groups.length > 0) yield [file('groups', 0), this.#document(this.#classifier(this.#groups()))];
    if (properties.length > 0)
      yield [file('propertiesGoods', 0), this.#document(this.#classifier(this.#properties()))];
    yield [file('priceLists', 0), this.#document(this.#classifier(this.#priceTypes()))];
    yield [file('storages', 0), this.#document(this.#classifier(this.#warehouses()))];
    const { portion } = this.#style;
    for (const [index, part] of portions(goods, portion).entries())
      yield [file('goods', index), this.#document(this.#catalogue(part))];
    const written = offers.map((offer) => this.#offer(offer, false));
    for (const [index, part] of portions(written, portion).entries())
      yield [file('offers', index), this.#document(this.#package(part))];
    const keys = [...offers, ...figures];
    const prices = keys
      .filter((key) => key.prices !== undefined)
      .map((key) => this.#key({ ...key, stock: undefined }));
    for (const [index, part] of portions(prices, portion).entries())
      yield [file('prices', index), this.#document(this.#package(part))];
    const rests = keys
      .filter((key) => key.stock !== undefined)
      .map((key) => this.#key({ ...key, prices: undefined }));
    for (const [index, part] of portions(rests, portion).entries())
      yield [file('rests', index), this.#document(this.#package(part))];
  }

  #document(...sections: readonly string[]): string {
    const { encoding, namespace } = this.#style;
    const declared = encoding.startsWith('utf-16')
      ? ' encoding="UTF-16"'
      : encoding === 'windows-1251-undeclared'
        ? ''
        : ` encoding="${encoding === 'windows-1251' ? encoding : 'UTF-8'}"`;
    const uri = NAMESPACE[this.#exchange.schema.slice(0, 1)];
    const root = this.#el('КоммерческаяИнформация', sections, {
      [namespace === 'prefix' ? 'xmlns:cml' : 'xmlns']: namespace === 'none' ? undefined : uri,
      ВерсияСхемы: this.#exchange.schema,
      ДатаФормирования: '2026-11-24T01:02:03',
    });
    return `<?xml version="1.0"${declared}?>\n${this.#style.noise ? '<!-- from 1C -->' : ''}${root}\n`;
  }

  #classifier(...parts: readonly string[]): string {
    return this.#el('Классификатор', [
      this.#leaf('Ид', 'k'),
      this.#leaf('Наименование', 'Классификатор'),
      ...parts,
    ]);
  }

  #catalogue(goods: readonly MadeGood[]): string {
    const only = this.#exchange.changesOnly;
    const items = this.#el(
      'Товары',
      goods.map((good) => this.#good(good)),
    );
    return this.#el('Каталог', [this.#leaf('Ид', 'c'), this.#leaf('ИдКлассификатора', 'k'), items], {
      СодержитТолькоИзменения: only === undefined ? undefined : String(only),
    });
  }

  #package(offers: readonly string[], head: readonly string[] = []): string {
    const only = this.#exchange.changesOnly;
    return this.#el('ПакетПредложений', [this.#leaf('Ид', 'c#'), ...head, this.#el('Предложения', offers)], {
      СодержитТолькоИзменения: only === undefined ? undefined : String(only),
    });
  }

  #groups(groups: readonly MadeGroup[] = this.#exchange.groups ?? []): string {
    if (groups.length === 0) return '';
    const one = ({ id, name, children = [], deleted }: MadeGroup): string =>
      this.#el(
        'Группа',
        [this.#leaf('Ид', id), this.#leaf('Наименование', name), this.#mark(deleted), this.#groups(children)],
        status(deleted),
      );
    return this.#el('Группы', groups.map(one));
  }

  #properties(): string {
    const { properties = [] } = this.#exchange;
    if (properties.length === 0) return '';
    return this.#el(
      'Свойства',
      properties.map(({ id, name, type, values }) =>
        this.#el('Свойство', [
          this.#leaf('Ид', id),
          this.#leaf('Наименование', name),
          type === undefined ? '' : this.#leaf('ТипЗначений', type),
          values === undefined
            ? ''
            : this.#el(
                'ВариантыЗначений',
                values.map((pair) =>
                  this.#el('Справочник', [
                    this.#leaf('ИдЗначения', pair[0]),
                    this.#leaf('Значение', pair[1]),
                  ]),
                ),
              ),
        ]),
      ),
    );
  }

  #priceTypes(): string {
    const one = ([id, name, currency]: readonly [string, string, string]): string =>
      this.#el('ТипЦены', [
        this.#leaf('Ид', id),
        this.#leaf('Наименование', name),
        this.#leaf('Валюта', currency),
      ]);
    return this.#el('ТипыЦен', (this.#exchange.priceTypes ?? []).map(one));
  }

  #warehouses(): string {
    const one = ([id, name]: readonly [string, string]): string =>
      this.#el('Склад', [this.#leaf('Ид', id), this.#leaf('Наименование', name)]);
    return this.#el('Склады', (this.#exchange.warehouses ?? []).map(one));
  }

  #good(good: MadeGood): string {
    const { groups = [], maker, vat, requisites = [], description } = good;
    return this.#el(
      'Товар',
      [
        ...this.#item(good),
        this.#el('БазоваяЕдиница', ['шт'], { Код: '796', НаименованиеПолное: 'Штука' }),
        groups.length === 0
          ? ''
          : this.#el(
              'Группы',
              groups.map((id) => this.#leaf('Ид', id)),
            ),
        description === undefined ? '' : this.#leaf('Описание', description),
        maker === undefined
          ? ''
          : this.#el('Изготовитель', [this.#leaf('Ид', 'maker'), this.#leaf('Наименование', maker)]),
        vat === undefined
          ? ''
          : this.#el('СтавкиНалогов', [
              this.#el('СтавкаНалога', [this.#leaf('Наименование', 'НДС'), this.#leaf('Ставка', vat)]),
            ]),
        requisites.length === 0
          ? ''
          : this.#el(
              'ЗначенияРеквизитов',
              requisites.map((pair) => this.#pair('ЗначениеРеквизита', pair)),
            ),
      ],
      status(good.deleted),
    );
  }

  #offer(offer: MadeOffer, figures: boolean): string {
    return this.#el(
      'Предложение',
      [...this.#item(offer), ...(figures ? this.#figures(offer) : [])],
      status(offer.deleted),
    );
  }

  #key(key: MadeFigures): string {
    return this.#el('Предложение', [this.#leaf('Ид', key.id), ...this.#figures(key)]);
  }

  #item(item: MadeGood | MadeOffer): string[] {
    const { properties = [], characteristics = [], images = [] } = item;
    return [
      this.#leaf('Ид', item.id),
      item.article === undefined ? '' : this.#leaf('Артикул', item.article),
      item.barcode === undefined ? '' : this.#leaf('Штрихкод', item.barcode),
      this.#leaf('Наименование', item.name),
      this.#mark(item.deleted),
      ...images.map((image) => this.#leaf('Картинка', image)),
      characteristics.length === 0
        ? ''
        : this.#el(
            'ХарактеристикиТовара',
            characteristics.map((pair) => this.#pair('ХарактеристикаТовара', pair)),
          ),
      properties.length === 0
        ? ''
        : this.#el(
            'ЗначенияСвойств',
            properties.map(([id, value]) =>
              this.#el('ЗначенияСвойства', [this.#leaf('Ид', id), this.#leaf('Значение', value)]),
            ),
          ),
    ];
  }

  #pair(element: string, [name, value]: readonly [string, string]): string {
    return this.#el(element, [this.#leaf('Наименование', name), this.#leaf('Значение', value)]);
  }

  #figures({ prices, stock }: MadeFigures): string[] {
    const one = ([type, [written]]: readonly [string, readonly [string, string]]): string =>
      this.#el('Цена', [
        this.#leaf('Представление', `${written} руб. за шт`),
        this.#leaf('ИдТипаЦены', type),
        this.#leaf('ЦенаЗаЕдиницу', written),
        this.#leaf('Валюта', 'руб'),
        this.#leaf('Коэффициент', '1'),
      ]);
    return [prices === undefined ? '' : this.#el('Цены', prices.map(one)), this.#stock(stock)];
  }

  #stock(stock: MadeStock | undefined): string {
    if (stock === undefined) return '';
    if ('quantity' in stock) {
      const quantity = this.#leaf('Количество', stock.quantity[0]);
      return stock.shape === 'total' ? quantity : this.#el('Остатки', [this.#el('Остаток', [quantity])]);
    }
    if (stock.shape === 'attributes') {
      return stock.stores
        .map(([id, [written]]) => this.#el('Склад', [], { ИдСклада: id, КоличествоНаСкладе: written }))
        .join('');
    }
    const one = ([id, [written]]: readonly [string, Written]): string =>
      this.#el('Остаток', [this.#el('Склад', [this.#leaf('Ид', id), this.#leaf('Количество', written)])]);
    return this.#el('Остатки', stock.stores.map(one));
  }

  #mark(deleted: 'mark' | 'status' | undefined): string {
    return deleted === 'mark' ? this.#leaf('ПометкаУдаления', 'true') : '';
  }

  #leaf(name: string, text: string): string {
    return this.#el(name, [this.#text(text)], {}, false);
  }

  #el(
    name: string,
    children: readonly string[],
    attributes: Attributes = {},
    noisy = this.#style.noise,
  ): string {
    const tag = this.#style.namespace === 'prefix' ? `cml:${name}` : name;
    const pairs = Object.entries(attributes)
      .filter((pair): pair is [string, string] => pair[1] !== undefined)
      .map(([key, value]) => ` ${key}="${this.#escape(value).replaceAll('"', '&quot;')}"`)
      .join('');
    const inside = children.filter((child) => child !== '');
    if (inside.length === 0) return `<${tag}${pairs}/>`;
    if (!noisy) return `<${tag}${pairs}>${inside.join('')}</${tag}>`;
    // Foreign elements are no part of a mere key: they would make an offer of it.
    const foreign = name === 'Предложение' ? '' : '<Чужой Ид="1"><Ид>9</Ид></Чужой>';
    const between = inside.join(`
<!-- & < > Ид --><?note <Ид>9</Ид>?>${foreign}
`);
    return `<${tag}${pairs}>${between}<!-- - --></${tag}>`;
  }

  #text(text: string): string {
    const { text: how } = this.#style;
    const writable = [...text].every((sign) => this.#writable(sign));
    if (how === 'cdata' && writable) return `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
    if (how !== 'references') return this.#escape(text);
    return [...text]
      .map((sign) => (/[\p{L}\d]/u.test(sign) && this.#writable(sign) ? sign : reference(sign)))
      .join('');
  }

  #escape(text: string): string {
    const plain = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    return [...plain].map((sign) => (this.#writable(sign) ? sign : reference(sign))).join('');
  }

  /** Whether the encoding has this character. */
  #writable(sign: string): boolean {
    if (!this.#style.encoding.startsWith('windows')) return true;
    return iconv.decode(iconv.encode(sign, 'windows-1251'), 'windows-1251') === sign;
  }
}

function reference(sign: string): string {
  return `&#x${sign.codePointAt(0)?.toString(16)};`;
}

function status(deleted: 'mark' | 'status' | undefined): Attributes {
  return deleted === 'status' ? { Статус: 'Удален' } : {};
}

function portions<T>(items: readonly T[], size: number): T[][] {
  const cut: T[][] = [];
  for (let at = 0; at < Math.max(1, items.length); at += size) cut.push(items.slice(at, at + size));
  return cut;
}
