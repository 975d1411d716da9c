/** Shapes of single versions and exporters that the larger fixtures do not have. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DocumentFeed } from '../../src/document/document-feed.ts';
import type { CommerceMlRecord } from '../../src/index.ts';

function read(body: string): CommerceMlRecord[] {
  const feed = new DocumentFeed({ file: 'f.xml' });
  const bytes = Buffer.from(`<КоммерческаяИнформация ВерсияСхемы="2.04">${body}</КоммерческаяИнформация>`);
  return [...feed.push(bytes), ...feed.finish()].filter(
    ({ kind }) => kind !== 'document' && kind !== 'section',
  );
}

function bare(records: readonly CommerceMlRecord[]): object[] {
  return records.map(({ origin: _, ...rest }) => rest);
}

describe('old and odd shapes', () => {
  it('reads a dictionary under ТипыЗначений with ВариантЗначения', () => {
    const records = read(
      '<Классификатор><Свойства><СвойствоНоменклатуры><Ид>p</Ид><Наименование>Цвет</Наименование><ТипыЗначений><ТипЗначений><Тип>Справочник</Тип><ВариантыЗначений><ВариантЗначения><Ид>v</Ид><Значение>Синий</Значение></ВариантЗначения></ВариантыЗначений></ТипЗначений></ТипыЗначений></СвойствоНоменклатуры></Свойства></Классификатор>',
    );
    assert.deepEqual(bare(records), [
      { kind: 'property', id: 'p', name: 'Цвет', valueType: 'Справочник', deleted: false },
      { kind: 'propertyValue', propertyId: 'p', id: 'v', value: 'Синий' },
    ]);
  });

  it('knows a group that is deleted by attribute', () => {
    const [group] = read(
      '<Классификатор><Группы><Группа Статус="Удален"><Ид>g</Ид><Наименование>Г</Наименование></Группа></Группы></Классификатор>',
    );
    assert.equal(group?.kind === 'group' && group.deleted, true);
  });

  it('repeats a pair for each of its values, and keeps the maker and the first VAT rate', () => {
    const [good] = read(
      '<Каталог><Товары><Товар><Ид>a</Ид><Наименование>А</Наименование><Изготовитель><Ид>m</Ид><Наименование>Завод</Наименование></Изготовитель>' +
        '<СтавкиНалогов><СтавкаНалога><Наименование>НДС</Наименование><Ставка>10</Ставка></СтавкаНалога><СтавкаНалога><Наименование>Акциз</Наименование><Ставка>5</Ставка></СтавкаНалога></СтавкиНалогов>' +
        '<ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>Файл</Наименование><Значение>1</Значение><Значение>2</Значение></ЗначениеРеквизита><ЗначениеРеквизита><Наименование>Пусто</Наименование></ЗначениеРеквизита></ЗначенияРеквизитов>' +
        '<ЗначенияСвойств><ЗначенияСвойства><Ид>p</Ид><Значение>x</Значение><Значение>y</Значение></ЗначенияСвойства><ЗначенияСвойства><Ид>q</Ид></ЗначенияСвойства></ЗначенияСвойств></Товар></Товары></Каталог>',
    );
    assert.ok(good?.kind === 'good');
    assert.deepEqual(good.manufacturer, { id: 'm', name: 'Завод' });
    assert.equal(good.vat, '10');
    assert.deepEqual(good.requisites, [
      { name: 'Файл', value: '1' },
      { name: 'Файл', value: '2' },
      { name: 'Пусто', value: '' },
    ]);
    assert.deepEqual(good.properties, [
      { id: 'p', value: 'x' },
      { id: 'p', value: 'y' },
      { id: 'q', value: '' },
    ]);
  });

  it('takes a key with empty Цены or Остатки for no offer', () => {
    assert.deepEqual(
      read(
        '<ПакетПредложений><Предложения><Предложение><Ид>a</Ид><Цены/></Предложение><Предложение><Ид>b</Ид><Остатки></Остатки></Предложение></Предложения></ПакетПредложений>',
      ),
      [],
    );
  });

  it('matches local names whatever the prefix', () => {
    const feed = new DocumentFeed({ file: 'f.xml' });
    const xml =
      '<c:КоммерческаяИнформация xmlns:c="urn:1C.ru:commerceml_3"><c:Каталог><c:Товары><c:Товар><c:Ид>a</c:Ид><c:Наименование>А</c:Наименование></c:Товар></c:Товары></c:Каталог></c:КоммерческаяИнформация>';
    const good = [...feed.push(Buffer.from(xml)), ...feed.finish()].find(({ kind }) => kind === 'good');
    assert.equal(good?.kind === 'good' ? good.id : undefined, 'a');
  });

  it('does not take the ids of nested elements for its own', () => {
    const records = read(
      '<Каталог><Ид>cat</Ид><Владелец><Ид>o</Ид></Владелец><Товары><Товар><Ид>a</Ид><Наименование>А</Наименование><Контрагент><Ид>zzz</Ид><Наименование>Я</Наименование></Контрагент></Товар></Товары></Каталог>',
    );
    assert.deepEqual(
      records.map((record) => (record.kind === 'good' ? [record.id, record.name] : record.kind)),
      [['a', 'А']],
    );
  });

  it('keeps text that CDATA, comments and references cut in pieces', () => {
    const [good] = read(
      '<Каталог><Товары><Товар><Ид>a</Ид><Наименование>М<!-- x -->я<![CDATA[ч & <]]>&#8470;5</Наименование></Товар></Товары></Каталог>',
    );
    assert.equal(good?.kind === 'good' ? good.name : undefined, 'Мяч & <№5');
  });

  it('reads a package of changes: keys with figures, the characteristic beside the good, warehouses as Склады', () => {
    const records = read(
      '<ИзмененияПакетаПредложений><Ид>p#</Ид><Предложения>' +
        '<Предложение><Ид>g</Ид><Артикул>А1</Артикул><Штрихкод>46</Штрихкод><ИдХарактеристики>c</ИдХарактеристики><КодЕдиницыИзмерения>796</КодЕдиницыИзмерения>' +
        '<Склады ИдСклада="w" КоличествоНаСкладе="3"/><Склады ИдСклада="v" КоличествоНаСкладе="4"/>' +
        '<Цены><Цена><ИдТипаЦены>t</ИдТипаЦены><ЦенаЗаЕдиницу>5</ЦенаЗаЕдиницу></Цена></Цены><Количество>7</Количество></Предложение>' +
        '<Предложение><Ид>h</Ид><Наименование>Мяч</Наименование><ИдХарактеристики/></Предложение>' +
        '<Предложение><Ид>k#1</Ид><ИдХарактеристики>1</ИдХарактеристики><Количество>2</Количество></Предложение>' +
        '</Предложения></ИзмененияПакетаПредложений>',
    );
    assert.deepEqual(
      records.map((record) => {
        if (record.kind === 'price') return ['price', record.offerId, record.priceTypeId, record.amount];
        if (record.kind === 'rest') return ['rest', record.offerId, record.warehouseId, record.quantity];
        return record.kind === 'offer' ? ['offer', record.id, record.name] : [record.kind];
      }),
      [
        ['price', 'g#c', 't', '5'],
        ['rest', 'g#c', 'w', '3'],
        ['rest', 'g#c', 'v', '4'],
        ['offer', 'h', 'Мяч'],
        ['rest', 'k#1', undefined, '2'],
      ],
    );
  });

  it('says from which quantity on a price applies', () => {
    const price = (quantity: string): string =>
      `<Цена><ИдТипаЦены>t</ИдТипаЦены><ЦенаЗаЕдиницу>5</ЦенаЗаЕдиницу>${quantity}</Цена>`;
    const records = read(
      `<ПакетПредложений><Предложения><Предложение><Ид>g</Ид><Цены>${price('')}${price('<МинКоличество>1 000,5</МинКоличество>')}${price('<МинКоличество/>')}${price('<МинКоличество>пачка</МинКоличество>')}</Цены></Предложение></Предложения></ПакетПредложений>`,
    );
    assert.deepEqual(
      records.map((record) => {
        if (record.kind === 'price') return record.minQuantity;
        return record.kind === 'warning' && record.code;
      }),
      ['bad-decimal', undefined, '1000.5', undefined],
    );
  });

  it('takes the white space off an id and reports it, so that it is the same id everywhere', () => {
    const records = read(
      `<Классификатор><Группы><Группа><Ид>
        x </Ид><Наименование>Г</Наименование><Группы><Группа><Ид>y</Ид><Наименование>Д</Наименование></Группа></Группы></Группа></Группы>
        <Свойства><Свойство><Ид> p</Ид><Наименование>С</Наименование></Свойство></Свойства>
        <ТипыЦен><ТипЦены><Ид>t\n</Ид><Наименование>Ц</Наименование></ТипЦены></ТипыЦен></Классификатор>
       <Каталог><Товары><Товар><Ид> g</Ид><Наименование>А</Наименование><Группы><Ид>x\u00a0</Ид></Группы>
        <ЗначенияСвойств><ЗначенияСвойства><Ид>p </Ид><Значение> v</Значение></ЗначенияСвойства></ЗначенияСвойств></Товар></Товары></Каталог>
       <ПакетПредложений><Предложения><Предложение><Ид>g </Ид><Цены><Цена><ИдТипаЦены> t</ИдТипаЦены><ЦенаЗаЕдиницу>1</ЦенаЗаЕдиницу></Цена></Цены>
        <Склад ИдСклада=" w" КоличествоНаСкладе="1"/></Предложение></Предложения></ПакетПредложений>`,
    );
    const ids = records.flatMap((record): unknown[] => {
      if (record.kind === 'group') return [[record.id, record.parentId]];
      if (record.kind === 'good') return [[record.id, record.groupIds, record.properties]];
      if (record.kind === 'price') return [[record.offerId, record.priceTypeId]];
      if (record.kind === 'rest') return [[record.offerId, record.warehouseId]];
      return record.kind === 'property' || record.kind === 'priceType' ? [record.id] : [];
    });
    assert.deepEqual(ids, [
      ['x', undefined],
      ['y', 'x'],
      'p',
      't',
      ['g', ['x'], [{ id: 'p', value: ' v' }]],
      ['g', 't'],
      ['g', 'w'],
    ]);
    const padded = records.filter((record) => record.kind === 'warning' && record.code === 'padded-text');
    assert.equal(padded.length, 9);
  });
});
