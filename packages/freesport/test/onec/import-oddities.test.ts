/** What is rare in an exchange and must neither stop an import nor spoil what the catalogue knows. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ImportMode, type ImportReport, importExchange } from '../../src/onec/index.ts';
import { type FixtureParts, Fixtures } from './exchange-fixture.ts';
import { type ShopDatabase, type ShopDatabases, shopDatabases } from './shop-database.ts';

const ROOT = '<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.08">';

describe('an odd exchange', () => {
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

  const importFrom = async (source: string, mode: ImportMode = 'full'): Promise<ImportReport> =>
    await importExchange({ source, mode, connection: shop.connection });
  const load = async (parts: FixtureParts, mode: ImportMode = 'full'): Promise<ImportReport> =>
    await importFrom(fixtures.write(parts), mode);
  /** Imports the inside of a catalogue or of a package of offers as it is given. */
  const loadXml = async (goods: string, offers = '', attributes = ''): Promise<ImportReport> => {
    const directory = fixtures.folder();
    writeFileSync(
      path.join(directory, 'all.xml'),
      `${ROOT}<Каталог${attributes}><Товары>${goods}</Товары></Каталог>
       <ПакетПредложений${attributes}><Предложения>${offers}</Предложения></ПакетПредложений></КоммерческаяИнформация>`,
    );
    return await importFrom(directory);
  };
  const variants = async (columns: string): Promise<Record<string, unknown>[]> =>
    await shop.query(`SELECT ${columns} FROM product_variants ORDER BY onec_id`);
  const test = (name: string, work: () => Promise<void>): void => {
    it(name, async () => {
      shop = await databases.create();
      await work();
    });
  };

  test('an offer that comes twice in a row has its stock once, in whatever shape', async () => {
    const offer = (stock: string): string =>
      `<Предложение><Ид>g1</Ид><Наименование>Мяч</Наименование>${stock}</Предложение>`;
    const shapes = [
      '<Количество>5</Количество>',
      '<Остатки><Остаток><Количество>5</Количество></Остаток></Остатки>',
      '<Склад ИдСклада="w1" КоличествоНаСкладе="5"/>',
      '<Остатки><Остаток><Склад><Ид>w1</Ид><Количество>5</Количество></Склад></Остаток></Остатки>',
      '<Остатки><Остаток><Склад><Ид>w1</Ид></Склад><Количество>5</Количество></Остаток></Остатки>',
    ];
    for (const shape of shapes) {
      shop = await databases.create();
      await loadXml(
        '<Товар><Ид>g1</Ид><Наименование>Мяч</Наименование></Товар>',
        offer(shape) + offer(shape),
      );
      assert.deepEqual(await variants('stock_quantity'), [{ stock_quantity: 5 }], shape);
    }
  });

  test('figures at the edge of what the catalogue holds are taken or skipped, never the end of the import', async () => {
    const report = await load({
      priceTypes: [['t', 'Розничная']],
      goods: [{ id: 'g1' }, { id: 'g2' }, { id: 'g3' }, { id: 'g4' }],
      offers: [
        { id: 'g1', prices: { t: '99999999.99' }, rest: '99999999999' },
        { id: 'g2', prices: { t: '99999999.995' }, rest: '0.999' },
        { id: 'g3', prices: { t: '0000000012.50' }, rest: '+7' },
        { id: 'g4', prices: { t: '-1' }, rest: '-0' },
      ],
    });
    assert.deepEqual(await variants('retail_price::text, stock_quantity'), [
      { retail_price: '99999999.99', stock_quantity: 2_147_483_647 },
      { retail_price: null, stock_quantity: 0 },
      { retail_price: '12.50', stock_quantity: 7 },
      { retail_price: null, stock_quantity: 0 },
    ]);
    assert.equal(report.warnings['price-out-of-range'], 2);
  });

  test('two totals of one offer that are more than a stock can be stay at the most', async () => {
    const rest = '<Остаток><Количество>2000000000</Количество></Остаток>';
    await loadXml(
      '<Товар><Ид>g1</Ид><Наименование>Мяч</Наименование></Товар>',
      `<Предложение><Ид>g1</Ид><Наименование>Мяч</Наименование><Остатки>${rest}${rest}</Остатки></Предложение>`,
    );
    assert.deepEqual(await variants('stock_quantity'), [{ stock_quantity: 2_147_483_647 }]);
  });

  test('ids that are too long are skipped with a warning, those of price types and warehouses too', async () => {
    const long = 'я'.repeat(101);
    const report = await load({
      goods: [{ id: 'g1', group: long }, { id: long }],
      offers: [{ id: 'g1', prices: { [long]: '5' }, rest: { [long]: '3' } }, { id: `g1#${long}` }],
    });
    assert.deepEqual(await variants('onec_id'), [{ onec_id: 'g1' }]);
    assert.ok((report.warnings['id-too-long'] ?? 0) >= 4, JSON.stringify(report.warnings));
  });

  test('an object that is marked as deleted and says nothing else keeps what was known of it', async () => {
    await load({
      groups: [
        { id: 'x', name: 'Мячи' },
        { id: 'y', name: 'Игровые', parent: 'x' },
      ],
      goods: [
        { id: 'g1', name: 'Мяч', article: 'A-1', group: 'y', maker: 'Фабрика' },
        { id: 'g2', name: 'Сетка', group: 'y' },
        { id: 'g3', name: 'Щит', group: 'y' },
      ],
      offers: [{ id: 'g1#a', name: 'Мяч (5)' }, { id: 'g3#a' }],
    });
    const known = async (): Promise<unknown[]> => [
      await shop.query(
        `SELECT p.onec_id, p.name, p.article, b.name AS brand, c.name AS category, parent.name AS parent FROM products p
           JOIN categories c ON c.id = p.category_id LEFT JOIN brands b ON b.id = p.brand_id
           LEFT JOIN categories parent ON parent.id = c.parent_id ORDER BY 1`,
      ),
      await variants('onec_id, name, size_value'),
    ];
    const before = await known();
    const directory = fixtures.folder();
    writeFileSync(
      path.join(directory, 'all.xml'),
      `${ROOT}<Классификатор><Группы><Группа><Ид>y</Ид><ПометкаУдаления>true</ПометкаУдаления></Группа></Группы></Классификатор>
       <Каталог СодержитТолькоИзменения="true"><Товары><Товар Статус="Удален"><Ид>g1</Ид></Товар>
       <Товар><Ид>g2</Ид><ПометкаУдаления>true</ПометкаУдаления></Товар></Товары></Каталог>
       <ПакетПредложений СодержитТолькоИзменения="true"><Предложения>
       <Предложение Статус="Удален"><Ид>g3#a</Ид></Предложение></Предложения></ПакетПредложений></КоммерческаяИнформация>`,
    );
    await importFrom(directory, 'changes');
    assert.deepEqual(await known(), before);
    assert.deepEqual(await shop.query('SELECT onec_id, is_active FROM products ORDER BY 1'), [
      { onec_id: 'g1', is_active: false },
      { onec_id: 'g2', is_active: false },
      { onec_id: 'g3', is_active: false },
    ]);
    assert.deepEqual(await shop.query(`SELECT is_active FROM categories WHERE onec_id = 'y'`), [
      { is_active: false },
    ]);
  });

  test('a classic good of one characteristic that is deleted leaves the others for sale', async () => {
    const good = (id: string, status = ''): string =>
      `<Товар${status}><Ид>${id}</Ид><Наименование>Мяч</Наименование></Товар>`;
    const offer = (id: string): string =>
      `<Предложение><Ид>${id}</Ид><Наименование>Мяч</Наименование></Предложение>`;
    await loadXml(
      good('g1#a') + good('g1#b', ' Статус="Удален"') + good('g1#c') + good('g2#a'),
      offer('g1#a') + offer('g1#b') + offer('g1#c') + offer('g2#a'),
    );
    assert.deepEqual(await variants('onec_id, is_active'), [
      { onec_id: 'g1#a', is_active: true },
      { onec_id: 'g1#b', is_active: false },
      { onec_id: 'g1#c', is_active: true },
      { onec_id: 'g2#a', is_active: true },
    ]);
    // Changes name only what is gone.
    const changes = ' СодержитТолькоИзменения="true"';
    await loadXml(good('g1#c', ' Статус="Удален"') + good('g2#a', ' Статус="Удален"'), '', changes);
    assert.deepEqual(await shop.query('SELECT onec_id FROM product_variants WHERE is_active'), [
      { onec_id: 'g1#a' },
    ]);
    assert.deepEqual(await shop.query('SELECT onec_id, is_active FROM products ORDER BY 1'), [
      { onec_id: 'g1', is_active: true },
      { onec_id: 'g2', is_active: false },
    ]);
  });

  test('a good of several groups is put into the first one that is known', async () => {
    const directory = fixtures.folder();
    writeFileSync(
      path.join(directory, 'import.xml'),
      `${ROOT}<Классификатор><Группы><Группа><Ид>x</Ид><Наименование>Мячи</Наименование></Группа></Группы></Классификатор>
       <Каталог><Товары><Товар><Ид>g1</Ид><Наименование>Мяч</Наименование>
       <Группы><Ид>nobody</Ид><Ид>x</Ид></Группы></Товар></Товары></Каталог></КоммерческаяИнформация>`,
    );
    await importFrom(directory);
    assert.deepEqual(
      await shop.query('SELECT c.name FROM products p JOIN categories c ON c.id = p.category_id'),
      [{ name: 'Мячи' }],
    );
  });

  test('a good whose offers are gone from a full export is sold without them, until they come back', async () => {
    const goods = [{ id: 'g1', name: 'Мяч' }, { id: 'g2' }];
    const priceTypes = [['t', 'Розничная']] as const;
    const sold = async (): Promise<unknown[]> =>
      await shop.query(
        `SELECT v.onec_id, v.retail_price::text AS price FROM product_variants v JOIN products p ON p.id = v.product_id
         WHERE v.is_active AND p.is_active AND p.onec_id = 'g1' ORDER BY 1`,
      );
    const offers = [{ id: 'g1#a', prices: { t: '10' } }, { id: 'g1#b', prices: { t: '11' } }, { id: 'g2#a' }];
    await load({ priceTypes, goods, offers });
    const without: FixtureParts = { priceTypes, goods, offers: [{ id: 'g2#a' }] };
    await load({ ...without, full: false });
    assert.equal((await sold()).length, 2);
    await load(without);
    assert.deepEqual(await sold(), [{ onec_id: 'g1', price: null }]);
    await load({ priceTypes, full: false, goods, offers: [{ id: 'g2#a', prices: { t: '1' } }] }, 'changes');
    assert.deepEqual(await sold(), [{ onec_id: 'g1', price: null }]);
    await load({ priceTypes, goods, offers });
    assert.deepEqual(await sold(), [
      { onec_id: 'g1#a', price: '10.00' },
      { onec_id: 'g1#b', price: '11.00' },
    ]);
    assert.equal((await shop.query(`SELECT 1 FROM product_variants WHERE onec_id = 'g1'`)).length, 0);
  });

  test('a classifier alone, an empty catalogue and an empty package change no product', async () => {
    await load({ goods: [{ id: 'g1' }], offers: [{ id: 'g1#a', rest: '3' }] });
    await load({ groups: [{ id: 'x', name: 'Мячи' }] });
    await load({ goods: [], offers: [] });
    assert.deepEqual(await variants('onec_id, is_active, stock_quantity'), [
      { onec_id: 'g1#a', is_active: true, stock_quantity: 3 },
    ]);
    assert.deepEqual(await shop.query('SELECT is_active FROM products'), [{ is_active: true }]);
  });
});
