import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDocument } from '../../src/index.ts';

/** Warehouse and quantity of the rests, and the codes of the warnings. */
async function read(stock: string): Promise<unknown[]> {
  const xml = `<КоммерческаяИнформация><ПакетПредложений><Предложения><Предложение><Ид>a</Ид>${stock}</Предложение></Предложения></ПакетПредложений></КоммерческаяИнформация>`;
  const seen: unknown[] = [];
  for await (const record of readDocument(Buffer.from(xml))) {
    if (record.kind === 'rest') seen.push([record.warehouseId, record.quantity]);
    if (record.kind === 'warning') seen.push(record.code);
  }
  return seen;
}

describe('an Остаток', () => {
  it('has its figure in the warehouse, beside it in either order, or without one', async () => {
    const store = '<Склад><Ид>w1</Ид></Склад>';
    const shapes: Record<string, unknown[]> = {
      '<Склад><Ид>w1</Ид><Количество>5</Количество></Склад>': [['w1', '5']],
      [`${store}<Количество>5</Количество>`]: [['w1', '5']],
      [`<Количество>5</Количество>${store}`]: [['w1', '5']],
      '<Количество>5</Количество>': [[undefined, '5']],
      [store]: ['bad-decimal'],
      '': ['bad-decimal'],
      '<Склад><Ид>w1</Ид><Количество/></Склад>': ['bad-decimal'],
    };
    for (const [shape, expected] of Object.entries(shapes)) {
      assert.deepEqual(await read(`<Остатки><Остаток>${shape}</Остаток></Остатки>`), expected, shape);
    }
  });

  it('is not counted twice where it has a total beside its warehouses', async () => {
    const stores = ['2', '3'].map(
      (quantity, index) => `<Склад><Ид>w${index}</Ид><Количество>${quantity}</Количество></Склад>`,
    );
    const expected = [
      ['w0', '2'],
      ['w1', '3'],
    ];
    const total = '<Количество>5</Количество>';
    for (const shape of [total + stores.join(''), stores.join('') + total]) {
      assert.deepEqual(await read(`<Остатки><Остаток>${shape}</Остаток></Остатки>`), expected);
    }
  });
});

describe('the stock of an item', () => {
  it('stands in attributes, in children or in a list, under the names that versions and modules give it', async () => {
    const shapes: Record<string, unknown[]> = {
      '<Склад ИдСклада="w" КоличествоНаСкладе="5"/>': [['w', '5']],
      '<Склады ИдСклада="w" КоличествоНаСкладе="5"/>': [['w', '5']],
      '<Склад><ИдСклада>w</ИдСклада><КоличествоНаСкладе>5</КоличествоНаСкладе></Склад>': [['w', '5']],
      '<Склад><Количество>5</Количество><Ид>w</Ид></Склад>': [['w', '5']],
      '<Склады><Склад ИдСклада="w" КоличествоНаСкладе="5"/><Склад><Ид>v</Ид><Количество>6</Количество></Склад></Склады>':
        [
          ['w', '5'],
          ['v', '6'],
        ],
      '<КоличествоНаСкладах><КоличествоНаСкладе><ИдСклада>w</ИдСклада><Количество>5</Количество></КоличествоНаСкладе></КоличествоНаСкладах>':
        [['w', '5']],
      '<ОстаткиПоСкладам><Остаток><Склад>Главный</Склад><ИдСклада>w</ИдСклада><Количество>5</Количество></Остаток></ОстаткиПоСкладам>':
        [['w', '5']],
      '<Склады/>': [],
      '<Склад ИдСклада="w"/>': ['bad-decimal'],
    };
    for (const [shape, expected] of Object.entries(shapes))
      assert.deepEqual(await read(shape), expected, shape);
  });

  it('tells figures of one item from those of the next with the same key', async () => {
    const item = (figures: string): string => `<Предложение><Ид>a</Ид>${figures}</Предложение>`;
    const store = (id: string): string => `<Склад ИдСклада="${id}" КоличествоНаСкладе="1"/>`;
    const xml = `<КоммерческаяИнформация><ПакетПредложений><Предложения>${item(store('v') + store('w'))}${item(store('v'))}</Предложения></ПакетПредложений></КоммерческаяИнформация>`;
    const first: boolean[] = [];
    for await (const record of readDocument(Buffer.from(xml))) {
      if (record.kind === 'rest') first.push(record.first);
    }
    assert.deepEqual(first, [true, false, true]);
  });
});
