import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ImportMode, type ImportReport, importExchange } from '../../src/onec/index.ts';
import { type FixtureParts, Fixtures } from './exchange-fixture.ts';
import { type ShopDatabase, type ShopDatabases, shopDatabases } from './shop-database.ts';

const TYPES = [
  ['t-retail', 'Розничная'],
  ['t-opt1', 'Опт 1 (300-600 тыс.руб в квартал)'],
] as const;

describe('rules of the import', () => {
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

  const load = async (parts: FixtureParts, mode: ImportMode = 'full'): Promise<ImportReport> =>
    await importExchange({ source: fixtures.write(parts), mode, connection: shop.connection });
  const variants = async (columns: string): Promise<Record<string, unknown>[]> =>
    await shop.query(`SELECT ${columns} FROM product_variants ORDER BY onec_id`);
  const test = (name: string, work: () => Promise<void>): void => {
    it(name, async () => {
      shop = await databases.create();
      await work();
    });
  };

  test('a good without offers has one default variant until real offers come; its identity stays', async () => {
    await load({ goods: [{ id: 'g1', article: 'A-1' }], offers: [] });
    assert.deepEqual(await variants('onec_id, sku, is_default'), [
      { onec_id: 'g1', sku: 'A-1', is_default: true },
    ]);
    const [identity] = await shop.query<{ id: number }>('SELECT id FROM sku_identities');
    await load(
      { goods: [{ id: 'g1', article: 'A-1' }], offers: [{ id: 'g1#c1' }, { id: 'g1#c2' }] },
      'changes',
    );
    assert.deepEqual(await variants('onec_id, is_default'), [
      { onec_id: 'g1#c1', is_default: false },
      { onec_id: 'g1#c2', is_default: false },
    ]);
    assert.equal((await shop.query('SELECT 1 FROM sku_identities WHERE id = $1', [identity?.id])).length, 1);
  });

  test('a default variant becomes the bare offer that arrives under its key', async () => {
    await load({ goods: [{ id: 'g1' }] });
    await load({ goods: [{ id: 'g1' }], offers: [{ id: 'g1', rest: '4' }] });
    assert.deepEqual(await variants('onec_id, is_default, stock_quantity'), [
      { onec_id: 'g1', is_default: false, stock_quantity: 4 },
    ]);
  });

  test('classic goods `good#char` are one product each good', async () => {
    await load({ goods: [{ id: 'g1#a' }, { id: 'g1#b' }], offers: [{ id: 'g1#a' }, { id: 'g1#b' }] });
    assert.deepEqual(await shop.query('SELECT onec_id FROM products'), [{ onec_id: 'g1' }]);
    assert.equal((await variants('1')).length, 2);
  });

  test('prices inside a good go to its default variant; the first type sells where none is retail', async () => {
    await load({ goods: [{ id: 'g1', prices: { BASE: '10,50', SALE: '5' } }] });
    assert.deepEqual(await variants('retail_price::text, opt1_price'), [
      { retail_price: '10.50', opt1_price: null },
    ]);
    assert.deepEqual(await shop.query('SELECT amount::text FROM variant_prices'), [{ amount: '5.00' }]);
  });

  test('orphan offers and keys of no variant are warned about and never fall back to another variant', async () => {
    await load({
      priceTypes: TYPES,
      goods: [{ id: 'g1' }],
      offers: [
        { id: 'g1', prices: { 't-retail': '100' }, rest: '1' },
        { id: 'lost#c', prices: { 't-retail': '7' } },
      ],
    });
    const report = await load(
      { priceTypes: TYPES, offers: [{ id: 'g1#x', prices: { 't-retail': '7' }, rest: '9' }] },
      'prices',
    );
    assert.deepEqual(report.warnings, { 'unknown-offer-price': 1 });
    assert.deepEqual(await variants('retail_price::text, stock_quantity'), [
      { retail_price: '100.00', stock_quantity: 1 },
    ]);
    assert.deepEqual(
      await shop.query(`SELECT code, subject FROM import_warnings WHERE code LIKE '%-o%' ORDER BY id`),
      [
        { code: 'orphan-offer', subject: 'lost#c' },
        { code: 'unknown-offer-price', subject: 'g1#x' },
      ],
    );
  });

  test('an unknown price type never becomes retail; РРЦ stands in for a missing retail type', async () => {
    await load({
      priceTypes: [
        ['p', 'Партнер'],
        ['o4', 'Опт 4'],
        ['r', 'РРЦ'],
        ['m', 'МРЦ'],
        ['o2', 'Опт 2'],
        ['tr', 'Тренерская'],
      ],
      goods: [{ id: 'g1' }],
      offers: [{ id: 'g1', prices: { p: '1', o4: '2', r: '30', m: '40', o2: '20', tr: '15' } }],
    });
    assert.deepEqual(
      await variants(
        'retail_price::text, rrp::text, msrp::text, opt2_price::text, trainer_price::text, opt1_price',
      ),
      [
        {
          retail_price: '30.00',
          rrp: '30.00',
          msrp: '40.00',
          opt2_price: '20.00',
          trainer_price: '15.00',
          opt1_price: null,
        },
      ],
    );
    assert.deepEqual(await shop.query('SELECT amount::text FROM variant_prices ORDER BY amount'), [
      { amount: '1.00' },
      { amount: '2.00' },
    ]);
    assert.equal(
      (await shop.query(`SELECT 1 FROM import_warnings WHERE code = 'price-type-without-role'`)).length,
      2,
    );
  });

  test('negative stock is 0 and fractional stock is rounded down, both with a warning', async () => {
    const report = await load({
      warehouses: ['w1', 'w2'],
      goods: [{ id: 'g1' }, { id: 'g2' }],
      offers: [
        { id: 'g1', rest: { w1: '-1', w2: '3' } },
        { id: 'g2', rest: { w1: '2.7', w2: '0' } },
      ],
    });
    assert.deepEqual(await variants('stock_quantity'), [{ stock_quantity: 3 }, { stock_quantity: 2 }]);
    assert.deepEqual(report.warnings, { 'negative-stock': 1, 'fractional-stock': 1 });
    assert.deepEqual(await shop.query('SELECT quantity FROM variant_stocks ORDER BY quantity'), [
      { quantity: 2 },
      { quantity: 3 },
    ]);
  });

  test('a missing rest is 0 in a full package and unchanged among changes', async () => {
    const parts: FixtureParts = { goods: [{ id: 'g1' }, { id: 'g2' }] };
    const rests = [
      { id: 'g1', rest: '5' },
      { id: 'g2', rest: '6' },
    ];
    await load({ ...parts, offers: rests });
    await load({ ...parts, full: false, offers: [{ id: 'g1' }, { id: 'g2', rest: '7' }] });
    assert.deepEqual(await variants('stock_quantity'), [{ stock_quantity: 5 }, { stock_quantity: 7 }]);
    await load({ ...parts, full: true, offers: [{ id: 'g1' }, { id: 'g2', rest: '7' }] });
    assert.deepEqual(await variants('stock_quantity'), [{ stock_quantity: 0 }, { stock_quantity: 7 }]);
  });

  test('changes that name one warehouse keep the figure of the other', async () => {
    const parts: FixtureParts = { warehouses: ['w1', 'w2'], goods: [{ id: 'g1' }] };
    await load({ ...parts, offers: [{ id: 'g1', rest: { w1: '5', w2: '6' } }] });
    await load({ ...parts, full: false, offers: [{ id: 'g1', rest: { w1: '1' } }] });
    assert.deepEqual(await variants('stock_quantity'), [{ stock_quantity: 7 }]);
    await load({ ...parts, full: true, offers: [{ id: 'g1', rest: { w1: '1' } }] });
    assert.deepEqual(await variants('stock_quantity'), [{ stock_quantity: 1 }]);
  });

  test('--full deactivates what a full export no longer contains; changes and a good of changes never do', async () => {
    const offers = [{ id: 'g1#a' }, { id: 'g1#b' }, { id: 'g2#a' }];
    await load({ goods: [{ id: 'g1' }, { id: 'g2' }, { id: 'g3' }], offers });
    const less: FixtureParts = { goods: [{ id: 'g1' }], offers: [{ id: 'g1#a' }] };
    assert.equal((await load(less, 'changes')).deactivated, 0);
    const unproven = await load({ ...less, full: false }, 'full');
    assert.equal(unproven.deactivated, 0);
    assert.match(unproven.report, /СодержитТолькоИзменения=true/);
    await load(less, 'full');
    assert.deepEqual(await shop.query('SELECT onec_id, is_active FROM products ORDER BY onec_id'), [
      { onec_id: 'g1', is_active: true },
      { onec_id: 'g2', is_active: false },
      { onec_id: 'g3', is_active: false },
    ]);
    assert.deepEqual(await variants('onec_id, is_active'), [
      { onec_id: 'g1#a', is_active: true },
      { onec_id: 'g1#b', is_active: false },
      { onec_id: 'g2#a', is_active: false },
      { onec_id: 'g3', is_active: true },
    ]);
    await load({ goods: [{ id: 'g1' }, { id: 'g2' }, { id: 'g3' }], offers });
    assert.equal((await shop.query('SELECT 1 FROM products WHERE is_active')).length, 3);
  });

  test('deletion marks deactivate and their removal reactivates', async () => {
    const parts = (deleted: boolean): FixtureParts => ({
      full: false,
      groups: [{ id: 'x', name: 'Мячи', deleted }],
      goods: [{ id: 'g1', group: 'x', deleted }, { id: 'g2' }],
      offers: [{ id: 'g1#a' }, { id: 'g2#a', deleted }],
    });
    const state = async (): Promise<unknown[]> =>
      await shop.query(`SELECT (SELECT bool_or(is_active) FROM products) AS products,
        (SELECT is_active FROM categories WHERE onec_id = 'x') AS category,
        (SELECT is_active FROM product_variants WHERE onec_id = 'g2#a') AS variant`);
    await load(parts(false), 'changes');
    await load(parts(true), 'changes');
    assert.deepEqual(await state(), [{ products: false, category: false, variant: false }]);
    await load(parts(false), 'changes');
    assert.deepEqual(await state(), [{ products: true, category: true, variant: true }]);
  });

  test('brands fold into one, "no brand" is none, the maker counts only without a brand property', async () => {
    await load({
      brands: [
        ['b1', 'Rusco Sport'],
        ['b2', 'RuscoSport'],
        ['b3', 'Без бренда'],
        ['b4', 'Ёлка'],
      ],
      goods: [
        { id: 'g1', brand: 'b1', maker: 'Фабрика' },
        { id: 'g2', brand: 'b2' },
        { id: 'g3', brand: 'b3' },
        { id: 'g4', maker: 'Фабрика' },
      ],
    });
    const brandOf = async (): Promise<unknown[]> =>
      await shop.query(
        `SELECT p.onec_id, b.name FROM products p LEFT JOIN brands b ON b.id = p.brand_id ORDER BY 1`,
      );
    const named = [
      { onec_id: 'g1', name: 'Rusco Sport' },
      { onec_id: 'g2', name: 'Rusco Sport' },
      { onec_id: 'g3', name: null },
      { onec_id: 'g4', name: null },
    ];
    assert.deepEqual(await brandOf(), named);
    // Changes come without the dictionary: the mapping knows the ids.
    await load({ full: false, goods: [{ id: 'g1', brand: 'b2', maker: 'Фабрика' }] }, 'changes');
    assert.deepEqual(await brandOf(), named);
    shop = await databases.create();
    await load({
      goods: [
        { id: 'g1', maker: 'Фабрика' },
        { id: 'g2', maker: 'фабрика' },
      ],
    });
    assert.deepEqual(await brandOf(), [
      { onec_id: 'g1', name: 'Фабрика' },
      { onec_id: 'g2', name: 'Фабрика' },
    ]);
  });

  test('unknown groups go to a hidden category, goods move with their group', async () => {
    const groups = [
      { id: 'x', name: 'Мячи' },
      { id: 'y', name: 'Ворота', parent: 'x' },
    ];
    await load({ groups, goods: [{ id: 'g1', group: 'y' }, { id: 'g2', group: 'nobody' }, { id: 'g3' }] });
    const placed = async (): Promise<unknown[]> =>
      await shop.query(
        `SELECT p.onec_id, c.name, c.is_active FROM products p JOIN categories c ON c.id = p.category_id ORDER BY 1`,
      );
    assert.deepEqual(await placed(), [
      { onec_id: 'g1', name: 'Ворота', is_active: true },
      { onec_id: 'g2', name: 'Неизвестная группа 1С', is_active: false },
      { onec_id: 'g3', name: 'Без категории', is_active: true },
    ]);
    await load({ groups, goods: [{ id: 'g1', group: 'x' }] }, 'changes');
    assert.deepEqual((await placed())[0], { onec_id: 'g1', name: 'Мячи', is_active: true });
  });

  test('slugs and skus are unique, independent of arrival order and never change', async () => {
    const goods = [
      { id: 'g1', name: 'Мяч' },
      { id: 'g2', name: 'Мяч' },
      { id: 'g3', name: 'Щит' },
    ];
    const offers = [
      { id: 'g1#a', article: 'A' },
      { id: 'g1#b', article: 'A' },
      { id: 'g2#a', article: 'B' },
      { id: 'g3#a' },
    ];
    const names = async (): Promise<unknown[]> => [
      ...(await shop.query('SELECT onec_id, slug FROM products ORDER BY onec_id')),
      ...(await variants('onec_id, sku')),
    ];
    await load({ goods, offers });
    const first = await names();
    await load({ goods: goods.map((good) => ({ ...good, name: 'Сетка' })), offers });
    assert.deepEqual(await names(), first);
    shop = await databases.create();
    await load({ goods: [...goods].reverse(), offers: [...offers].reverse() });
    assert.deepEqual(await names(), first);
    const [{ slug }] = (await shop.query<{ slug: string }>(
      `SELECT slug FROM products WHERE onec_id = 'g3'`,
    )) as [{ slug: string }];
    assert.equal(slug, 'schit');
    const skus = await shop.query<{ sku: string }>('SELECT sku FROM product_variants ORDER BY onec_id');
    assert.deepEqual(
      skus.map(({ sku }) => sku.startsWith('SKU-')),
      [true, true, false, true],
    );
  });

  test('a variant takes the identity and the sku under which its SKU was sold before', async () => {
    await shop.query(
      `INSERT INTO sku_identities (id, onec_id, sku, name) VALUES (77, 'g1#a', 'OLD-7', 'Мяч')`,
    );
    await load({ goods: [{ id: 'g1' }], offers: [{ id: 'g1#a', article: 'NEW' }, { id: 'g1#b' }] });
    const [known, made] = await variants('sku_identity_id, sku');
    assert.deepEqual(known, { sku_identity_id: 77, sku: 'OLD-7' });
    assert.notEqual(made?.sku_identity_id, 77);
    assert.deepEqual(
      await shop.query(
        'SELECT v.sku = s.sku AS same FROM product_variants v JOIN sku_identities s ON s.id = v.sku_identity_id',
      ),
      [{ same: true }, { same: true }],
    );
  });

  test('colour and size come from characteristics, else from the name; unmapped colours are recorded once', async () => {
    const report = await load({
      goods: [{ id: 'g1' }],
      offers: [
        { id: 'g1#a', name: 'Мяч, чёрная (35)' },
        {
          id: 'g1#b',
          name: 'Мяч',
          characteristics: { Цвет: 'Ядовитый', Размер_Мячи: '5', 'Детский размер': 'Да' },
        },
        { id: 'g1#c', name: 'Мяч', characteristics: { Цвет: 'ядовитый' } },
      ],
    });
    assert.deepEqual(await variants('color_name, size_value'), [
      { color_name: 'Черный', size_value: '35' },
      { color_name: 'Ядовитый', size_value: '5' },
      { color_name: 'ядовитый', size_value: '' },
    ]);
    assert.equal(report.warnings['color-without-mapping'], 1);
  });

  test('prices and stock modes touch nothing else', async () => {
    const parts: FixtureParts = { priceTypes: TYPES, goods: [{ id: 'g1', name: 'Мяч' }] };
    await load({ ...parts, offers: [{ id: 'g1', prices: { 't-retail': '10', 't-opt1': '8' }, rest: '1' }] });
    const next: FixtureParts = {
      full: false,
      goods: [{ id: 'g1', name: 'Другой' }, { id: 'g2' }],
      offers: [{ id: 'g1', prices: { 't-retail': '11' }, rest: '2' }],
    };
    await load(next, 'prices');
    assert.deepEqual(await variants('retail_price::text, opt1_price::text, stock_quantity'), [
      { retail_price: '11.00', opt1_price: '8.00', stock_quantity: 1 },
    ]);
    await load(next, 'stock');
    assert.deepEqual(await variants('stock_quantity'), [{ stock_quantity: 2 }]);
    assert.deepEqual(await shop.query('SELECT name FROM products'), [{ name: 'Мяч' }]);
  });

  test('the later of two records of one id wins', async () => {
    const report = await load({
      priceTypes: TYPES,
      goods: [
        { id: 'g1', name: 'Старый' },
        { id: 'g1', name: 'Новый' },
      ],
      offers: [
        { id: 'g1#a', prices: { 't-retail': '1', 't-opt1': '2' } },
        { id: 'g1#b' },
        { id: 'g1#a', prices: { 't-retail': '3' } },
      ],
    });
    assert.deepEqual(await shop.query('SELECT name FROM products'), [{ name: 'Новый' }]);
    assert.deepEqual((await variants('retail_price::text, opt1_price::text'))[0], {
      retail_price: '3.00',
      opt1_price: '2.00',
    });
    assert.equal(report.warnings['duplicate-id'], 2);
  });
});
