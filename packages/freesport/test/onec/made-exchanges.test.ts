/** Exchanges made up here become the catalogue that their models say. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { madeExchange, madeStyle } from '../../../commerceml/test/exchange/made-arbitrary.ts';
import type { MadeExchange, Written } from '../../../commerceml/test/exchange/made-exchange.ts';
import { type MadeStyle, madeFiles, PLAIN } from '../../../commerceml/test/exchange/made-files.ts';
import { type ImportMode, importExchange } from '../../src/onec/index.ts';
import { rowVersions } from './catalogue-rows.ts';
import { Fixtures } from './exchange-fixture.ts';
import { catalogueRows, expectedCatalogue, shownAfter, shownRows } from './made-catalogue.ts';
import { type ShopDatabase, type ShopDatabases, shopDatabases } from './shop-database.ts';

describe('the import of a made exchange', () => {
  const fixtures = new Fixtures();
  let databases: ShopDatabases;
  before(async () => {
    databases = await shopDatabases();
  });
  after(async () => {
    await databases.release();
    fixtures.remove();
  });

  const written = (exchange: MadeExchange, style: MadeStyle): string => {
    const directory = fixtures.folder();
    for (const [name, content] of madeFiles(exchange, style)) {
      mkdirSync(path.join(directory, path.dirname(name)), { recursive: true });
      writeFileSync(path.join(directory, name), content);
    }
    return directory;
  };
  const load = async (
    shop: ShopDatabase,
    source: string,
    mode: ImportMode,
    secondReadingBytesMin?: number,
  ): Promise<void> => {
    await importExchange({ source, mode, connection: shop.connection, again: true, secondReadingBytesMin });
  };

  it('is the catalogue of its model, and a second one changes no row', async () => {
    await fc.assert(
      fc.asyncProperty(madeExchange, madeStyle, async (exchange, style) => {
        const shop = await databases.create();
        const source = written(exchange, style);
        await load(shop, source, 'full');
        assert.deepEqual(await catalogueRows(shop), expectedCatalogue(exchange));
        const versions = await rowVersions(shop);
        // Where prices and rests have files of their own, they are read by a thread of their own this time.
        await load(shop, source, 'full', 1);
        assert.deepEqual(await rowVersions(shop), versions);
      }),
      { seed: 1130, numRuns: 15 },
    );
  });

  it('may have more price types and warehouses than staging has columns, and texts longer than the catalogue takes', async () => {
    const many = Array.from({ length: 20 }, (_, index) => index);
    const written20 = (offset: number): [string, Written][] =>
      many.map((index) => [`t'${index}`, [`${index + offset},5`, `${index + offset}.5`]]);
    const long = 'Мяч\\t\\N \\. 🏀'.repeat(60);
    const exchange: MadeExchange = {
      schema: '3.1',
      changesOnly: false,
      priceTypes: many.map((index) => [`t'${index}`, index === 15 ? 'Розничная' : `Тип ${index}`, 'RUB']),
      groups: [{ id: 'gr0', name: 'Мячи' }],
      goods: [
        { id: 'g1', name: long, description: long.repeat(10), groups: ['gr0'], images: [long.slice(0, 200)] },
      ],
      offers: [
        { id: 'g1#a', name: long, prices: written20(0), stock: { shape: 'rests', stores: written20(3) } },
        {
          id: 'g1#b',
          name: long,
          prices: written20(1).slice(10),
          stock: { shape: 'attributes', stores: written20(1) },
        },
      ],
    };
    const shop = await databases.create();
    for (const layout of ['folders', 'two', 'parts'] as const) {
      await load(shop, written(exchange, { ...PLAIN, layout }), 'full', 1);
      assert.deepEqual(await catalogueRows(shop), expectedCatalogue(exchange));
    }
    const versions = await rowVersions(shop);
    await load(shop, written(exchange, PLAIN), 'full');
    assert.deepEqual(await rowVersions(shop), versions);
  });

  it('deactivates what a full one no longer has, and nothing else ever does', async () => {
    const later = fc.tuple(fc.array(fc.boolean()), fc.array(fc.boolean()));
    await fc.assert(
      fc.asyncProperty(madeExchange, later, async (exchange, [keepGood, keepOffer]) => {
        const shop = await databases.create();
        const first = { ...exchange, changesOnly: false };
        const { goods = [], offers = [] } = first;
        const less: MadeExchange = {
          ...first,
          figures: [],
          goods: goods.filter((_, index) => keepGood[index] !== false),
          offers: offers.filter((_, index) => keepOffer[index] !== false),
        };
        await load(shop, written(first, PLAIN), 'full');
        const shown = await shownRows(shop);
        assert.deepEqual(shown, shownAfter(first, first));
        const harmless: [MadeExchange, ImportMode][] = [
          [{ ...first, goods: [], offers: [] }, 'full'],
          [{ ...less, changesOnly: true }, 'full'],
          [less, 'changes'],
        ];
        for (const [changes, mode] of harmless) {
          await load(shop, written(changes, PLAIN), mode);
          assert.deepEqual(await shownRows(shop), shown);
        }
        await load(shop, written(less, PLAIN), 'full');
        assert.deepEqual(await shownRows(shop), shownAfter(first, less));
      }),
      { seed: 1131, numRuns: 6 },
    );
  });
});
