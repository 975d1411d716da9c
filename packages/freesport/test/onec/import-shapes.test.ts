/** Shapes that only some versions and modules of 1C write, as the catalogue takes them. */
import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ImportMode, type ImportReport, importExchange } from '../../src/onec/index.ts';
import { Fixtures } from './exchange-fixture.ts';
import { type ShopDatabase, type ShopDatabases, shopDatabases } from './shop-database.ts';

const TYPES = `<ТипыЦен><ТипЦены><Ид>t</Ид><Наименование>Розничная</Наименование></ТипЦены>
  <ТипЦены><Ид>o</Ид><Наименование>Опт 1</Наименование></ТипЦены></ТипыЦен>`;

const good = (id: string, parts = ''): string =>
  `<Товар><Ид>${id}</Ид><Наименование>Товар ${id}</Наименование>${parts}</Товар>`;
const offer = (id: string, parts = ''): string =>
  `<Предложение><Ид>${id}</Ид><Наименование>Вариант ${id}</Наименование>${parts}</Предложение>`;
const key = (id: string, parts: string): string => `<Предложение><Ид>${id}</Ид>${parts}</Предложение>`;
const price = (type: string, amount: string, more = ''): string =>
  `<Цена><ИдТипаЦены>${type}</ИдТипаЦены><ЦенаЗаЕдиницу>${amount}</ЦенаЗаЕдиницу>${more}</Цена>`;
const only = (changes: boolean): string => ` СодержитТолькоИзменения="${changes}"`;
const catalogue = (goods: string, changes = false): string =>
  `<Каталог${only(changes)}><Товары>${goods}</Товары></Каталог>`;
const offers = (items: string, types = TYPES, changes = false): string =>
  `<ПакетПредложений${only(changes)}>${types}<Предложения>${items}</Предложения></ПакетПредложений>`;

describe('an exchange in the shape of', () => {
  const fixtures = new Fixtures();
  let databases: ShopDatabases;
  let shop: ShopDatabase;
  before(async () => {
    databases = await shopDatabases();
  });
  after(async () => {
    await databases.release();
    fixtures.remove();
  });

  const load = async (body: string, mode: ImportMode = 'full'): Promise<ImportReport> => {
    const source = fixtures.folder();
    const xml = `<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.08">${body}</КоммерческаяИнформация>`;
    writeFileSync(path.join(source, 'all.xml'), xml);
    return await importExchange({ source, mode, connection: shop.connection });
  };
  const variants = async (columns: string): Promise<unknown[]> =>
    (await shop.query(`SELECT ${columns} FROM product_variants v ORDER BY v.onec_id`)).map((row) =>
      Object.values(row),
    );
  const test = (name: string, work: () => Promise<void>): void => {
    it(name, async () => {
      shop = await databases.create();
      await work();
    });
  };

  test('ИзмененияПакетаПредложений: prices and stock reach their variants and change nothing else', async () => {
    const stock = '<Склад ИдСклада="w" КоличествоНаСкладе="9"/>';
    await load(
      catalogue(good('g') + good('h')) +
        offers(
          offer('g#1', `<Штрихкод>46</Штрихкод><Цены>${price('t', '10')}</Цены><Количество>5</Количество>`) +
            offer('g#2', `<Цены>${price('t', '12')}</Цены>${stock}`) +
            offer('h', `<Цены>${price('t', '7')}</Цены>${stock}`),
        ),
    );
    const changed =
      '<ИдХарактеристики>1</ИдХарактеристики><КодЕдиницыИзмерения>796</КодЕдиницыИзмерения>' +
      '<Склады ИдСклада="w" КоличествоНаСкладе="3"/><Склады ИдСклада="v" КоличествоНаСкладе="4"/>' +
      `<Цены>${price('t', '11')}</Цены><Количество>7</Количество>`;
    const report = await load(
      `<ИзмененияПакетаПредложений><Предложения>${key('g', changed)}${key('h', '<Артикул>А1</Артикул><Склады ИдСклада="w" КоличествоНаСкладе="2"/>')}</Предложения></ИзмененияПакетаПредложений>`,
      'changes',
    );
    assert.deepEqual(report.warnings, {});
    assert.deepEqual(
      await variants('onec_id, name, barcode, retail_price::text, stock_quantity, is_active'),
      [
        ['g#1', 'Вариант g#1', '46', '11.00', 7, true],
        ['g#2', 'Вариант g#2', '', '12.00', 9, true],
        ['h', 'Вариант h', '', '7.00', 2, true],
      ],
    );
  });

  test('prices by quantity: one piece is sold at the price of one piece', async () => {
    const report = await load(
      catalogue(good('g')) +
        offers(
          offer(
            'g',
            `<Цены>${price('t', '10', '<МинКоличество>1</МинКоличество>')}${price('t', '8', '<МинКоличество>10</МинКоличество>')}${price('o', '9')}</Цены>`,
          ),
        ),
    );
    assert.deepEqual(await variants('retail_price::text, opt1_price::text'), [['10.00', '9.00']]);
    assert.deepEqual(report.warnings, { 'quantity-price': 1 });
  });

  test('a key that comes twice in a row with its stock: the later figure counts, not the sum', async () => {
    const twice = (stock: string): string => key('g', stock) + key('g', stock);
    for (const stock of ['<Количество>5</Количество>', '<Склад ИдСклада="w" КоличествоНаСкладе="5"/>']) {
      shop = await databases.create();
      await load(catalogue(good('g')) + offers(twice(stock)));
      assert.deepEqual(await variants('stock_quantity'), [[5]], stock);
    }
  });

  test('stock by warehouse after a total of the same key, and a total after warehouses: the later says it', async () => {
    const store = '<Склад ИдСклада="w" КоличествоНаСкладе="3"/>';
    const total = '<Количество>5</Количество>';
    await load(
      catalogue(good('g') + good('h')) +
        offers(key('g', total) + key('h', store)) +
        offers(key('g', store) + key('h', total)),
    );
    assert.deepEqual(
      await variants(
        'onec_id, stock_quantity, (SELECT sum(quantity)::int FROM variant_stocks s WHERE s.variant_id = v.id) AS stored',
      ),
      [
        ['g', 3, 3],
        ['h', 5, null],
      ],
    );
  });

  test('changes without a name: what is known keeps its name, and what is new has that of its good', async () => {
    await load(catalogue(good('g') + good('h')) + offers(offer('g#1', '<Штрихкод>46</Штрихкод>')));
    await load(
      catalogue(
        '<Товар><Ид>g</Ид></Товар><Товар Статус="Изменен"><Ид>h</Ид><Артикул>А1</Артикул></Товар>' +
          good('k'),
        true,
      ) + offers(key('g#1', '<Артикул>А2</Артикул>') + key('k#1', '<Артикул>А3</Артикул>'), '', true),
      'changes',
    );
    assert.deepEqual(
      await variants(
        'onec_id, name, barcode, (SELECT name FROM products p WHERE p.id = v.product_id) AS product',
      ),
      [
        ['g#1', 'Вариант g#1', '46', 'Товар g'],
        ['h', 'Товар h', '', 'Товар h'],
        ['k#1', 'Товар k', '', 'Товар k'],
      ],
    );
  });

  test('a full exchange without a price type of before: the role goes to the type in its place, or has no price', async () => {
    const type = (id: string, name: string): string =>
      `<ТипЦены><Ид>${id}</Ид><Наименование>${name}</Наименование></ТипЦены>`;
    const loadPrices = async (types: string, figures: string, changes = false): Promise<void> => {
      const items = offer('g', `<Цены>${figures}</Цены>`);
      await load(catalogue(good('g'), changes) + offers(items, `<ТипыЦен>${types}</ТипыЦен>`, changes));
    };
    const prices = 'retail_price::text, opt1_price::text';
    await loadPrices(type('t', 'Розничная') + type('o', 'Опт 1'), price('t', '10') + price('o', '8'));
    await loadPrices(type('n', 'Розничная'), price('n', '11'), true);
    assert.deepEqual(await variants(prices), [['10.00', '8.00']], 'changes prove no absence');
    await loadPrices(type('n', 'Розничная'), price('n', '12'));
    assert.deepEqual(await variants(prices), [['12.00', null]]);
    await loadPrices('', price('t', '13') + price('o', '9'));
    assert.deepEqual(await variants(prices), [['13.00', '9.00']], 'types that come back');
  });

  test('a folder of links, with orders beside: the linked files are imported, the orders give no schema', async () => {
    const elsewhere = fixtures.folder();
    const source = fixtures.folder();
    const file = (name: string, schema: string, body: string): void => {
      const xml = `<КоммерческаяИнформация ВерсияСхемы="${schema}">${body}</КоммерческаяИнформация>`;
      writeFileSync(path.join(elsewhere, name), xml);
      symlinkSync(path.join(elsewhere, name), path.join(source, name));
    };
    file('a-orders.xml', '3.1', '<Документ><Товары><Товар><Ид>x</Ид></Товар></Товары></Документ>');
    file('b-goods.xml', '2.07', catalogue(good('g')));
    await importExchange({ source, mode: 'full', connection: shop.connection });
    assert.deepEqual(await variants('onec_id'), [['g']]);
    const [session] = await shop.query('SELECT schema_version FROM import_sessions');
    assert.equal(session?.schema_version, '2.07');
  });
});
