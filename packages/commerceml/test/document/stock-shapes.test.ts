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
