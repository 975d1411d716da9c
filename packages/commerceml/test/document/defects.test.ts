/** One fixture for every defect of the data: each must be seen, named with its place, and lose nothing else. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { type CommerceMlRecord, readExchange, type WarningCode } from '../../src/index.ts';

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures');

type Of<K extends CommerceMlRecord['kind']> = Extract<CommerceMlRecord, { kind: K }>;

async function readAll(dir: string, options = {}): Promise<CommerceMlRecord[]> {
  const records: CommerceMlRecord[] = [];
  for await (const record of readExchange(path.join(FIXTURES, dir), options)) records.push(record);
  return records;
}

function of<K extends CommerceMlRecord['kind']>(records: readonly CommerceMlRecord[], kind: K): Of<K>[] {
  return records.filter((record): record is Of<K> => record.kind === kind);
}

describe('an exchange full of defects, 3.1', () => {
  let records: CommerceMlRecord[] = [];
  before(async () => {
    records = await readAll('defects-31');
  });

  /** Every warning: [code, file, subject]. The list is complete, so a lost or an invented one fails. */
  it('reports exactly these', () => {
    const expected: [WarningCode, string, string | undefined][] = [
      ['missing-id', 'groups/groups.xml', 'Без ида'],
      ['padded-text', 'groups/groups.xml', 'g2'],
      ['unknown-section', 'groups/groups.xml', 'Документ'],
      ['missing-id', 'priceLists/priceLists.xml', 'Без ида'],
      ['missing-id', 'propertiesGoods/propertiesGoods.xml', ''],
      ['missing-id', 'propertiesGoods/propertiesGoods.xml', ''],
      ['missing-id', 'propertiesGoods/propertiesGoods.xml', 'Без ида'],
      ['placeholder-value', 'propertiesGoods/propertiesGoods.xml', 'b2'],
      ['missing-id', 'units/units.xml', 'ящ'],
      ['padded-text', 'units/units.xml', '    '],
      ['padded-text', 'units/units.xml', '796 '],
      ['padded-text', 'units/units.xml', '796 '],
      ['html-text', 'goods/import_files/goods.xml', 'a'],
      ['missing-id', 'goods/import_files/goods.xml', 'Без ида'],
      ['missing-name', 'goods/import_files/goods.xml', 'c'],
      ['nil-reference', 'goods/import_files/goods.xml', 'a'],
      ['padded-text', 'goods/import_files/goods.xml', 'a'],
      ['boolean-size', 'offers/offers_1_2_y.xml', 'a#1'],
      ['decimal-comma', 'offers/offers_1_2_y.xml', 'a#1'],
      ['empty-characteristic', 'offers/offers_1_2_y.xml', 'a#1'],
      ['placeholder-value', 'offers/offers_1_2_y.xml', 'a#1'],
      ['sentinel-value', 'offers/offers_1_2_y.xml', 'a#1'],
      ['bad-decimal', 'prices/prices.xml', 'a#1'],
      ['decimal-comma', 'prices/prices.xml', 'a#1'],
      ['missing-id', 'prices/prices.xml', 'a#1'],
      ['bad-decimal', 'rests/rests.xml', 'нигде'],
      ['fractional-stock', 'rests/rests.xml', 'a#1'],
      ['negative-stock', 'rests/rests.xml', 'a#1'],
      ['duplicate-article', 'goods/import_files/goods.xml', 'c'],
      ['duplicate-id', 'goods/import_files/goods.xml', 'c'],
      ['duplicate-id', 'groups/groups.xml', 'g2'],
      ['good-without-offer', 'goods/import_files/goods.xml', 'b'],
      ['good-without-offer', 'goods/import_files/goods.xml', 'c'],
      ['mixed-exchange-dates', 'groups/groups.xml', undefined],
      ['orphan-offer', 'offers/offers_1_10_x.xml', 'нет#1'],
      ['unknown-group', 'goods/import_files/goods.xml', 'нет такой'],
      ['unknown-offer-price', 'prices/prices.xml', 'поздний'],
      ['unknown-offer-rest', 'rests/rests.xml', 'нигде'],
      ['unknown-price-type', 'prices/prices.xml', 't9'],
      ['unknown-property', 'goods/import_files/goods.xml', 'неизвестно'],
    ];
    const seen = of(records, 'warning').map(
      ({ code, origin, subject }) => [code, origin.file, subject] as const,
    );
    const key = (row: readonly unknown[]): string => row.map(String).join('|');
    assert.deepEqual(seen.map(key).toSorted(), expected.map(key).toSorted());
  });

  it('points each record and warning at a start tag', () => {
    for (const { origin } of records) {
      const bytes = readFileSync(path.join(FIXTURES, 'defects-31', origin.file));
      assert.equal(bytes.toString('latin1', origin.offset, origin.offset + 1), '<', JSON.stringify(origin));
    }
  });

  it('orders portions as numbers', () => {
    assert.deepEqual(
      of(records, 'offer').map(({ id }) => id),
      ['a#1', 'нет#1'],
    );
  });

  it('gives a parent before its children even where its id comes last', () => {
    assert.deepEqual(
      of(records, 'group').map(({ id, parentId, depth, deleted }) => [id, parentId, depth, deleted]),
      [
        ['g1', undefined, 1, false],
        ['g2', 'g1', 2, true],
        ['g2', 'g1', 2, false],
        ['g4', 'g1', 3, false],
      ],
    );
  });

  it('keeps what is good beside what is not', () => {
    assert.deepEqual(
      of(records, 'price').map(({ offerId, priceTypeId, amount, currency }) => [
        offerId,
        priceTypeId,
        amount,
        currency,
      ]),
      [
        ['a#1', 't1', '3037.50', 'руб'],
        ['a#1', 't9', '10', undefined],
        ['поздний', 't1', '7', undefined],
      ],
    );
    assert.deepEqual(
      of(records, 'rest').map(({ offerId, warehouseId, quantity }) => [offerId, warehouseId, quantity]),
      [
        ['a#1', 'w1', '-1'],
        ['a#1', 'w2', '2.5'],
        ['нигде', undefined, '3'],
      ],
    );
    assert.deepEqual(
      of(records, 'good').map(({ id, deleted }) => [id, deleted]),
      [
        ['a', false],
        ['b', true],
        ['c', false],
        ['c', false],
      ],
    );
    assert.deepEqual(
      of(records, 'warehouse').map(({ id, deleted }) => [id, deleted]),
      [
        ['w1', false],
        ['w2', true],
      ],
    );
    assert.deepEqual(
      of(records, 'priceType').map(({ id, deleted }) => [id, deleted]),
      [
        ['t1', false],
        ['t2', true],
      ],
    );
    assert.deepEqual(
      of(records, 'propertyValue').map(({ propertyId, id, value }) => [propertyId, id, value]),
      [
        ['Бренд', 'b1', 'Espado'],
        ['Бренд', 'b2', '-'],
        ['Бренд', '', ''],
      ],
    );
  });

  it('reads a good with everything', () => {
    const { origin: _, ...good } = of(records, 'good')[0] ?? assert.fail('no good');
    assert.deepEqual(good, {
      kind: 'good',
      id: 'a',
      name: 'Кимоно & пояс',
      article: 'UТ-1',
      barcode: undefined,
      description: 'для йоги.<br>Да',
      groupIds: ['g2'],
      images: ['import_files/a/1.jpg'],
      manufacturer: undefined,
      unit: '796 ',
      vat: '20',
      properties: [
        { id: 'Бренд', value: 'b1' },
        { id: 'неизвестно', value: '00000000-0000-0000-0000-000000000000' },
      ],
      requisites: [],
      characteristics: [],
      deleted: false,
    });
  });

  it('knows changes-only by section', () => {
    const sections = of(records, 'section').filter(({ origin }) => origin.file === 'groups/groups.xml');
    assert.deepEqual(
      sections.map(({ section, changesOnly }) => [section, changesOnly]),
      [
        ['Каталог', true],
        ['Классификатор', false],
      ],
    );
  });

  it('makes only the warnings about losses when the others are switched off', async () => {
    const quiet = of(await readAll('defects-31', { valueWarnings: false, crossChecks: false }), 'warning');
    const codes = new Set(quiet.map(({ code }) => code));
    assert.deepEqual([...codes].toSorted(), ['bad-decimal', 'missing-id', 'missing-name', 'unknown-section']);
    assert.equal(quiet.filter(({ code }) => code === 'missing-id').length, 8);
  });
});

describe('an exchange full of defects, 2.04 and 2.07', () => {
  let records: CommerceMlRecord[] = [];
  before(async () => {
    records = await readAll('defects-204');
  });

  it('reads stock by warehouse attributes and reports a differing total', () => {
    assert.deepEqual(
      of(records, 'rest').map(({ offerId, warehouseId, quantity }) => [offerId, warehouseId, quantity]),
      [
        ['x', 'w1', '1'],
        ['x', 'w2', '375'],
        ['y', undefined, '0'],
      ],
    );
    const [differs] = of(records, 'warning').filter(({ code }) => code === 'stock-total-differs');
    assert.match(differs?.message ?? '', /377.*376/);
  });

  it('tells an offer from a mere figure, and a deleted offer from both', () => {
    assert.deepEqual(
      of(records, 'offer').map(({ id, deleted }) => [id, deleted]),
      [
        ['x', false],
        ['z', true],
      ],
    );
  });

  it('takes a package of changes for changes only', () => {
    assert.deepEqual(
      of(records, 'section').map(({ changesOnly }) => changesOnly),
      [false, true],
    );
  });

  it('keeps prices inside goods apart', () => {
    assert.deepEqual(
      of(records, 'price').map(({ offerId, amount, holder }) => [offerId, amount, holder]),
      [['x#c', '1002', 'good']],
    );
  });

  it('prefers the code of a unit to its name, and reports the odd date', () => {
    assert.equal(of(records, 'good')[0]?.unit, '715');
    assert.ok(of(records, 'warning').some(({ code }) => code === 'odd-date'));
  });
});
