/**
 * The real exchanges, read in place: nothing of them is in this project. `ROUNDTRIP_1C_DIR` names their folder;
 * without it `../shared/1c` beside the repository is tried. Their expected.json were computed with Python's expat.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import {
  type CommerceMlRecord,
  inspectExchange,
  orderExchange,
  readExchangeBatches,
  variantAttributes,
} from '../src/index.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');
const FOLDER = process.env.ROUNDTRIP_1C_DIR ?? path.resolve(REPOSITORY, '../shared/1c');
const SETS = existsSync(FOLDER)
  ? readdirSync(FOLDER).filter((name) => existsSync(path.join(FOLDER, name, 'expected.json')))
  : [];

interface Expected {
  readonly files: readonly {
    readonly file: string;
    readonly bytes: number;
    readonly rows: Readonly<Record<string, number>>;
    readonly ns: string | null;
    readonly parts: readonly [string, Record<string, string>][];
    readonly '@ВерсияСхемы': string;
  }[];
  readonly groups: Record<string, number> & { readonly by_depth: Record<string, number> };
  readonly goods: Record<string, number> & {
    readonly vat: Record<string, number>;
    readonly duplicate_articles: Record<string, number>;
  };
  readonly offers: Record<string, number> & {
    readonly characteristic_names: Record<string, number>;
    readonly characteristic_empty_values: Record<string, number>;
  };
  readonly colors: { readonly characteristic_values: Record<string, number> };
  readonly sizes: { readonly characteristic_values: Record<string, number> };
  readonly properties: Record<string, number> & { readonly types: Record<string, number> };
  readonly price_types: Record<string, number>;
  readonly prices: Record<string, number | string> & {
    readonly rows_by_type: Record<string, number>;
    readonly currencies: Record<string, number>;
  };
  readonly rests: Record<string, number | string> & {
    readonly stock_by_warehouse: Record<string, string>;
    readonly rows_by_warehouse: Record<string, number>;
  };
  readonly units: Record<string, number>;
}

if (SETS.length === 0) {
  it(`real exchanges: none in ${FOLDER}`, (t) => {
    t.diagnostic(`no real exchange in ${FOLDER}: set ROUNDTRIP_1C_DIR to test against them`);
    t.skip('the real exchanges are not here');
  });
}

const KINDS: Readonly<Record<string, string>> = {
  good: 'good',
  group: 'group',
  offer: 'offer',
  price: 'price',
  rest: 'rest',
  property: 'property',
  propertyValue: 'property_value',
  priceType: 'price_type',
  warehouse: 'warehouse',
  unit: 'unit',
};

for (const set of SETS) {
  const dir = path.join(FOLDER, set);
  const expected: Expected = JSON.parse(readFileSync(path.join(dir, 'expected.json'), 'utf8'));

  describe(`the exchange ${set}`, async () => {
    const records: CommerceMlRecord[] = [];
    for await (const batch of readExchangeBatches(dir)) records.push(...batch);
    const of = <K extends CommerceMlRecord['kind']>(kind: K): Extract<CommerceMlRecord, { kind: K }>[] =>
      records.filter((record): record is Extract<CommerceMlRecord, { kind: K }> => record.kind === kind);
    const offered = <R extends { holder: string }>(rows: readonly R[]): R[] =>
      rows.filter(({ holder }) => holder === 'offer');

    for (const { file, rows, parts, ...document } of expected.files) {
      it(`has the rows of ${file}`, () => {
        const counted: Record<string, number> = {};
        for (const record of records) {
          const kind = KINDS[record.kind];
          if (
            record.origin.file !== file ||
            kind === undefined ||
            ('holder' in record && record.holder === 'good')
          )
            continue;
          counted[kind] = (counted[kind] ?? 0) + 1;
        }
        const wanted = Object.fromEntries(Object.entries(rows).filter(([, count]) => count > 0));
        assert.deepEqual(counted, wanted);
      });
      it(`knows root and sections of ${file}`, () => {
        const root = of('document').find(({ origin }) => origin.file === file);
        assert.equal(root?.schema, document['@ВерсияСхемы']);
        assert.equal(root?.namespace ?? null, document.ns);
        const sections = of('section').filter(({ origin }) => origin.file === file);
        assert.deepEqual(
          sections.map(({ section, changesOnly }) => [section, changesOnly]),
          parts.map(([name, attributes]) => [name, flag(attributes.СодержитТолькоИзменения)]),
        );
      });
    }

    it('reads every file once', async () => {
      const ordered = (await orderExchange(dir)).map(({ file }) => file.name);
      assert.deepEqual(ordered.toSorted(), expected.files.map(({ file }) => file).toSorted());
    });

    it('has the groups', () => {
      const groups = of('group');
      assert.equal(groups.length, expected.groups.rows);
      assert.equal(new Set(groups.map(({ id }) => id)).size, expected.groups.distinct_ids);
      assert.equal(groups.filter(({ parentId }) => parentId === undefined).length, expected.groups.roots);
      assert.deepEqual(tally(groups.map(({ depth }) => String(depth))), expected.groups.by_depth);
      assert.equal(groups.filter(({ deleted }) => deleted).length, expected.groups.deleted);
    });

    it('has the goods', () => {
      const goods = of('good');
      assert.equal(goods.length, expected.goods.rows);
      assert.equal(goods.filter(({ deleted }) => deleted).length, expected.goods.deleted);
      assert.equal(goods.filter(({ id }) => id.includes('#')).length, expected.goods.ids_containing_hash);
      assert.equal(
        goods.filter(({ article }) => article === undefined).length,
        expected.goods.without_article,
      );
      assert.equal(
        new Set(goods.flatMap(({ article }) => article ?? [])).size,
        expected.goods.distinct_articles,
      );
      assert.equal(goods.filter(({ barcode }) => barcode !== undefined).length, expected.goods.with_barcode);
      assert.equal(sum(goods.map(({ images }) => images.length)), expected.goods.image_refs);
      assert.equal(
        goods.filter(({ description }) => description !== undefined).length,
        expected.goods.with_description,
      );
      assert.equal(
        goods.filter(({ manufacturer }) => manufacturer === undefined).length,
        expected.goods.without_manufacturer,
      );
      assert.equal(
        goods.filter(({ groupIds }) => groupIds.length === 0).length,
        expected.goods.without_group,
      );
      assert.equal(
        goods.filter(({ properties }) => properties.some(({ id, value }) => id === 'Бренд' && value !== ''))
          .length,
        expected.goods.brand_property_values,
      );
      assert.deepEqual(tally(goods.flatMap(({ vat }) => vat ?? [])), expected.goods.vat);
      const repeated = Object.values(expected.goods.duplicate_articles).map((count) => count - 1);
      assert.equal(warnings('duplicate-article'), sum(repeated));
      assert.equal(warnings('unknown-group'), expected.goods.group_unknown);
    });

    it('has the offers', () => {
      const offers = of('offer');
      assert.equal(offers.length, expected.offers.rows);
      assert.equal(
        offers.filter(({ characteristicId }) => characteristicId !== undefined).length,
        expected.offers.with_hash,
      );
      assert.equal(new Set(offers.map(({ goodId }) => goodId)).size, expected.offers.distinct_parents);
      assert.equal(
        new Set(offers.flatMap(({ characteristicId }) => characteristicId ?? [])).size,
        expected.offers.suffix_distinct,
      );
      assert.equal(
        offers.filter(({ article }) => article !== undefined).length,
        expected.offers.with_article,
      );
      assert.equal(
        offers.filter(({ barcode }) => barcode !== undefined).length,
        expected.offers.with_barcode,
      );
      assert.equal(new Set(offers.map(({ name }) => name)).size, expected.offers.distinct_names);
      const pairs = offers.flatMap(({ characteristics }) => characteristics);
      assert.equal(pairs.length, expected.offers.characteristic_rows);
      assert.deepEqual(tally(pairs.map(({ name }) => name)), expected.offers.characteristic_names);
      assert.deepEqual(
        tally(pairs.filter(({ value }) => value === '').map(({ name }) => name)),
        expected.offers.characteristic_empty_values,
      );
      assert.deepEqual(
        tally(pairs.filter(({ name }) => name === 'Цвет').map(({ value }) => value)),
        expected.colors.characteristic_values,
      );
      assert.deepEqual(
        tally(pairs.filter(({ name }) => name === 'Размер').map(({ value }) => value)),
        expected.sizes.characteristic_values,
      );
    });

    it('has the properties, price types, warehouses and units', () => {
      assert.equal(of('property').length, expected.properties.declared_rows);
      assert.equal(
        new Set(of('property').map(({ id }) => id)).size,
        expected.properties.declared_distinct_ids,
      );
      assert.equal(new Set(of('property').map(({ name }) => name)).size, expected.properties.distinct_names);
      const values = new Set(of('propertyValue').map(({ propertyId, id }) => `${propertyId} ${id}`));
      assert.equal(values.size, expected.properties.dictionary_values_distinct);
      assert.equal(new Set(of('priceType').map(({ id }) => id)).size, expected.price_types.declared_distinct);
      assert.equal(of('unit').length, expected.units.rows);
      assert.equal(of('unit').filter(({ id }) => id.trim() === '').length, expected.units.without_id);
    });

    it('has the prices and rests', () => {
      const prices = offered(of('price'));
      assert.deepEqual(tally(prices.map(({ priceTypeId }) => priceTypeId)), expected.prices.rows_by_type);
      assert.deepEqual(tally(prices.map(({ currency }) => String(currency))), expected.prices.currencies);
      assert.equal(new Set(prices.map(({ offerId }) => offerId)).size, expected.prices.distinct_offers);
      const rests = offered(of('rest'));
      assert.deepEqual(
        tally(rests.map(({ warehouseId }) => warehouseId ?? 'None')),
        expected.rests.rows_by_warehouse,
      );
      assert.equal(rests.filter(({ quantity }) => Number(quantity) === 0).length, expected.rests.zero);
      assert.equal(warnings('negative-stock'), expected.rests.negative);
      assert.equal(
        warnings('stock-total-differs'),
        expected.rests.quantity_element_differs_from_warehouse_sum,
      );
    });

    it('finds the same colour and size in the name as in the characteristics', () => {
      const offers = of('offer').filter(({ characteristics }) =>
        characteristics.some(({ name }) => name === 'Цвет'),
      );
      for (const offer of offers) {
        const explicit = variantAttributes({ offer, knownColors: [] });
        const byName = variantAttributes({ offer: { ...offer, characteristics: [] }, knownColors: [] });
        assert.deepEqual([byName.color, byName.size], [explicit.color, explicit.size], offer.name);
      }
    });

    it('is summed up by inspect', async () => {
      const summary = await inspectExchange(dir);
      assert.deepEqual(
        {
          groups: summary.groups,
          goods: summary.goods,
          goodsDeleted: summary.goodsDeleted,
          offers: summary.offers,
          withHash: summary.offersWithCharacteristic,
          orphaned: summary.offersOrphaned,
          bare: summary.goodsWithoutOffer,
          priceTypes: summary.priceTypes,
          prices: summary.prices,
          pricesSum: summary.pricesSum,
          rests: summary.rests,
          stockTotal: summary.stockTotal,
        },
        {
          groups: expected.groups.rows,
          goods: expected.goods.rows,
          goodsDeleted: expected.goods.deleted,
          offers: expected.offers.rows,
          withHash: expected.offers.with_hash,
          orphaned: expected.offers.orphan_rows,
          bare: expected.goods.without_any_offer,
          priceTypes: expected.price_types.declared_distinct,
          prices: expected.prices.rows,
          pricesSum: expected.prices.sum,
          rests: expected.rests.rows,
          stockTotal: expected.rests.total_stock,
        },
      );
    });

    function warnings(code: string): number {
      return of('warning').filter((warning) => warning.code === code).length;
    }
  });
}

function flag(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text === 'true';
}

function tally(texts: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
