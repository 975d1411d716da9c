import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CommerceMlRecord, GoodRecord } from '../../src/index.ts';
import { readDocumentBatches } from '../../src/index.ts';

const goods = (count: number): string =>
  Array.from(
    { length: count },
    (_, index) =>
      `<Товар><Ид>g${index}</Ид><Наименование>Товар ${index}</Наименование>${
        index % 2 === 0
          ? ''
          : `<Группы><Ид>group</Ид></Группы><Картинка>picture-${index}.jpg</Картинка><ЗначенияСвойств><ЗначенияСвойства><Ид>p</Ид><Значение>v</Значение></ЗначенияСвойства></ЗначенияСвойств><ХарактеристикиТовара><ХарактеристикаТовара><Наименование>Цвет</Наименование><Значение>синий</Значение></ХарактеристикаТовара></ХарактеристикиТовара><ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>n</Наименование><Значение>v</Значение></ЗначениеРеквизита></ЗначенияРеквизитов>`
      }</Товар>`,
  ).join('');

describe('the lists of a record', () => {
  it('are its own: a good without pictures, properties or characteristics never gets its neighbour’s', async () => {
    const text = `<КоммерческаяИнформация><Каталог><Товары>${goods(20)}</Товары></Каталог></КоммерческаяИнформация>`;
    const records: CommerceMlRecord[] = [];
    // All of them kept before any is looked at, as an importer that works on batches does.
    for await (const batch of readDocumentBatches([Buffer.from(text)], { file: 'goods.xml' }))
      records.push(...batch);
    const read = records.filter((record): record is GoodRecord => record.kind === 'good');
    assert.equal(read.length, 20);
    for (const [index, good] of read.entries()) {
      const lengths = [
        good.groupIds,
        good.images,
        good.properties,
        good.characteristics,
        good.requisites,
      ].map((list) => list.length);
      assert.deepEqual(lengths, index % 2 === 0 ? [0, 0, 0, 0, 0] : [1, 1, 1, 1, 1], good.id);
    }
  });
});
