import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { migrate } from '../../src/database/migrate.ts';
import { migrationFiles } from '../../src/database/migration-files.ts';
import { seedShop } from '../../src/seed/seed-shop.ts';
import {
  digests,
  freesport,
  rows,
  ShopDatabases,
  SMALL_SHOP,
  withDatabase,
} from '../support/shop-database.ts';

const TABLES = [
  'users',
  'companies',
  'addresses',
  'brands',
  'categories',
  'products',
  'orders',
  'order_items',
  'carts',
  'cart_items',
  'favorites',
];

const IMPORT = `<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.04" ДатаФормирования="2025-01-01T00:00:00">
<Классификатор><Ид>k</Ид><Наименование>k</Наименование><Группы><Группа><Ид>g1</Ид><Наименование>Обувь</Наименование>
<Группы><Группа><Ид>g2</Ид><Наименование>Бутсы</Наименование></Группа></Группы></Группа></Группы></Классификатор>
<Каталог СодержитТолькоИзменения="false"><Ид>c</Ид><ИдКлассификатора>k</ИдКлассификатора><Наименование>c</Наименование><Товары>
<Товар><Ид>t1</Ид><Артикул>A1</Артикул><Наименование>Бутсы Молния</Наименование><Группы><Ид>g2</Ид></Группы></Товар>
<Товар><Ид>t2</Ид><Артикул>A2</Артикул><Наименование>Мяч</Наименование><Группы><Ид>g1</Ид></Группы></Товар>
</Товары></Каталог></КоммерческаяИнформация>`;
const OFFERS = `<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.04" ДатаФормирования="2025-01-01T00:00:00">
<ПакетПредложений СодержитТолькоИзменения="false"><Ид>p</Ид><Наименование>p</Наименование><ИдКаталога>c</ИдКаталога><ИдКлассификатора>k</ИдКлассификатора>
<ТипыЦен><ТипЦены><Ид>pt1</Ид><Наименование>Розничная</Наименование><Валюта>руб</Валюта></ТипЦены>
<ТипЦены><Ид>pt2</Ид><Наименование>Опт 1</Наименование><Валюта>руб</Валюта></ТипЦены></ТипыЦен><Предложения>
<Предложение><Ид>t1#o1</Ид><Наименование>Бутсы Молния (41)</Наименование><Цены><Цена><ИдТипаЦены>pt1</ИдТипаЦены><ЦенаЗаЕдиницу>3037.50</ЦенаЗаЕдиницу></Цена>
<Цена><ИдТипаЦены>pt2</ИдТипаЦены><ЦенаЗаЕдиницу>2500</ЦенаЗаЕдиницу></Цена></Цены><Количество>4</Количество></Предложение>
<Предложение><Ид>t1#o2</Ид><Наименование>Бутсы Молния (42)</Наименование><Цены><Цена><ИдТипаЦены>pt1</ИдТипаЦены><ЦенаЗаЕдиницу>3037.50</ЦенаЗаЕдиницу></Цена></Цены><Количество>0</Количество></Предложение>
</Предложения></ПакетПредложений></КоммерческаяИнформация>`;

describe('seed', () => {
  let databases: ShopDatabases;
  let exchange: string;
  before(async () => {
    databases = await ShopDatabases.open();
    exchange = mkdtempSync(path.join(tmpdir(), 'freesport-exchange-'));
    writeFileSync(path.join(exchange, 'import.xml'), IMPORT);
    writeFileSync(path.join(exchange, 'offers.xml'), OFFERS);
  });
  after(async () => {
    rmSync(exchange, { recursive: true });
    await databases.release();
  });

  const seeded = async (
    options: typeof SMALL_SHOP & { exchange?: string },
  ): Promise<Record<string, string>> => {
    await databases.create();
    await withDatabase(async (client) => {
      await migrate(client, migrationFiles('13.3'));
      await seedShop(client, options);
    });
    return await digests(TABLES);
  };

  it('makes the same shop for the same options and another one for another seed', async () => {
    const first = await seeded(SMALL_SHOP);
    assert.deepEqual(await seeded(SMALL_SHOP), first);
    const other = await seeded({ ...SMALL_SHOP, seed: 8 });
    assert.notEqual(other.orders, first.orders);
  });

  it('puts every index and foreign key back, and makes sums that agree', async () => {
    await databases.create();
    const definitions = `SELECT conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid) AS d FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY d`;
    await withDatabase((client) => migrate(client, migrationFiles('13.3')));
    const empty = await rows(definitions);
    await withDatabase((client) => seedShop(client, SMALL_SHOP));
    assert.deepEqual(await rows(definitions), empty);
    assert.deepEqual(
      await rows(`SELECT o.id FROM orders o WHERE total_amount <> (SELECT sum(total_price) FROM order_items i WHERE i.order_id = o.id)
        OR NOT EXISTS (SELECT 1 FROM order_items i WHERE i.order_id = o.id)`),
      [],
    );
    assert.deepEqual(
      await rows(
        'SELECT (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM carts) AS carts, (SELECT count(*) FROM products) AS products',
      ),
      [{ orders: 300, carts: 40, products: 120 }],
    );
    await rows(`INSERT INTO orders (order_number, total_amount) VALUES ('next', 1)`);
  });

  it('takes the SKUs of an exchange: one an offer, one for a good without, one that 1C has forgotten', async () => {
    await seeded({ ...SMALL_SHOP, exchange });
    const skus = await rows(
      `SELECT p.name, p.onec_id, p.parent_onec_id, p.sku, retail_price, opt1_price, stock_quantity, c.name AS category
       FROM products p JOIN categories c ON c.id = p.category_id WHERE p.onec_id LIKE 't%' ORDER BY p.id`,
    );
    const common = { retail_price: '3037.50', category: 'Бутсы', parent_onec_id: 't1' };
    assert.deepEqual(skus, [
      {
        ...common,
        name: 'Бутсы Молния (41)',
        onec_id: 't1#o1',
        sku: 'A1',
        opt1_price: '2500.00',
        stock_quantity: 4,
      },
      {
        ...common,
        name: 'Бутсы Молния (42)',
        onec_id: 't1#o2',
        sku: 'A1-2',
        opt1_price: null,
        stock_quantity: 0,
      },
      {
        name: 'Мяч',
        onec_id: 't2',
        parent_onec_id: null,
        sku: 'A2',
        retail_price: '0.00',
        opt1_price: null,
        stock_quantity: 0,
        category: 'Обувь',
      },
    ]);
    const forgotten = await rows<{ ordered: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM order_items i WHERE i.product_id = p.id) AS ordered FROM products p WHERE onec_id NOT LIKE 't%'`,
    );
    assert.deepEqual(forgotten, [{ ordered: true }]);
    assert.deepEqual(
      await rows(
        `SELECT c.name, p.name AS parent FROM categories c LEFT JOIN categories p ON p.id = c.parent_id ORDER BY c.id LIMIT 2`,
      ),
      [
        { name: 'Обувь', parent: null },
        { name: 'Бутсы', parent: 'Обувь' },
      ],
    );
  });

  it('only fills an empty database of 13.3', async () => {
    await databases.create();
    assert.match((await freesport(['seed'])).stderr, /run migrate --target 13\.3 first/);
    await databases.shop('13.3');
    const again = await freesport(['seed', '--json']);
    assert.equal(again.code, 1);
    assert.equal((JSON.parse(again.stdout) as { code: string }).code, 'refused');
    assert.equal((await freesport(['seed', '--orders', 'many'])).code, 2);
  });
});
