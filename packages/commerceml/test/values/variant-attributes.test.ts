import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PropertyDictionary, variantAttributes } from '../../src/index.ts';

/** The twenty colours of the shop's migration, with ё and е mixed as they are there. */
const KNOWN =
  'Белый,Черный,Красный,Синий,Зеленый,Желтый,Серый,Розовый,Оранжевый,Фиолетовый,Коричневый,Бежевый,Бордовый,Голубой,Салатовый,Сиреневый,Тёмно-синий,Тёмно-серый,Светло-серый,Золотой'.split(
    ',',
  );

const origin = { file: 'f', offset: 0 };
const dictionary = new PropertyDictionary();
for (const [id, name] of [
  ['p-color', 'Цвет'],
  ['p-size', 'Размер'],
  ['p-look', 'Расцветка'],
  ['p-box', 'Длина коробки'],
] as const) {
  dictionary.add({ kind: 'property', origin, id, name, valueType: 'Справочник', deleted: false });
}
dictionary.add({ kind: 'propertyValue', origin, propertyId: 'p-color', id: 'v-red', value: 'красный ' });
dictionary.add({ kind: 'propertyValue', origin, propertyId: 'p-size', id: 'v-xl', value: 'XL' });

function of(
  name: string,
  characteristics: readonly [string, string][] = [],
  extra: {
    offerRefs?: readonly [string, string][];
    goodRefs?: readonly [string, string][];
    goodName?: string;
  } = {},
): {
  color: string | undefined;
  base: string | undefined;
  size: string | undefined;
  issues: string[];
  ambiguous: boolean;
} {
  const refs = (list: readonly [string, string][] = []): { id: string; value: string }[] =>
    list.map(([id, value]) => ({ id, value }));
  const found = variantAttributes({
    offer: {
      name,
      characteristics: characteristics.map(([key, value]) => ({ name: key, value })),
      properties: refs(extra.offerRefs),
    },
    good:
      extra.goodName === undefined && extra.goodRefs === undefined
        ? undefined
        : { name: extra.goodName ?? '', properties: refs(extra.goodRefs) },
    properties: dictionary,
    knownColors: KNOWN,
  });
  return {
    color: found.color,
    base: found.baseColor,
    size: found.size,
    issues: found.issues.map(({ attribute, kind }) => `${attribute} ${kind}`),
    ambiguous: found.ambiguous,
  };
}

describe('variantAttributes from the name', () => {
  const cases: [string, string | undefined, string | undefined, string | undefined][] = [
    ['Кимоно для джиу джитсу (BJJ) BoyBo, BBJJ24, синий (А5 (2XL))', 'Синий', 'Синий', 'А5 (2XL)'],
    ['Кимоно BoyBo, BBJJ24-K детское, синий (М0 (127-132))', 'Синий', 'Синий', 'М0 (127-132)'],
    ['Бутсы (многошиповые), зелено-черный (35)', 'зелено-черный', undefined, '35'],
    ['Форма футбольная, зелено-черный УЦЕНКА (2XL)', 'зелено-черный', undefined, '2XL'],
    ['Перчатки BBG909,синяя (M)', 'Синий', 'Синий', 'M'],
    ['Перчатки боксерские, красные 12 OZ', 'Красный', 'Красный', '12 OZ'],
    ['Куртка, тёмно-синий (XL)', 'Тёмно-синий', 'Тёмно-синий', 'XL'],
    ['Куртка, темно-зелёный (XL)', 'темно-зелёный', undefined, 'XL'],
    ['Мяч, Жёлтый с чёрным (5)', 'Жёлтый с чёрным', undefined, '5'],
    ['Гантель неопреновая Espado ES1115, жёлтый', 'Желтый', 'Желтый', undefined],
    ['Женские ботфорты (43, 5, натуральная кожа, Бежевый)', 'Бежевый', 'Бежевый', '43'],
    ['Женские ботфорты (Размер: 39, Полнота: 6, Цвет: Зеленый)', 'Зеленый', 'Зеленый', '39'],
    ['Женские ботфорты (45, , , Черный)', 'Черный', 'Черный', '45'],
    [
      'Ботинки (Размер: 40 Полнота: 6 Тип кожи: натуральная кожа Цвет: Коричневый)',
      'Коричневый',
      'Коричневый',
      '40',
    ],
    ['Ботинки (Неизвестная характеристика)', undefined, undefined, undefined],
    ['Брюки х/б (30/116, хаки/син)', 'хаки/син', undefined, '30/116'],
    ['Кроссовки, белый (6,5)', 'Белый', 'Белый', '6,5'],
    ['Коньки, 13мм', undefined, undefined, undefined],
    ['Просто название', undefined, undefined, undefined],
    ['', undefined, undefined, undefined],
    ['Скобка не закрыта, синий (XL', undefined, undefined, undefined],
    ['Лишняя скобка, синий XL)', undefined, undefined, undefined],
  ];
  for (const [name, color, base, size] of cases) {
    it(name === '' ? '(empty)' : name, () => {
      const found = of(name);
      assert.deepEqual([found.color, found.base, found.size], [color, base, size]);
    });
  }

  it('reports a tail that is no colour instead of taking it', () => {
    for (const tail of ['Деревянные лошадки', 'GIRAFFE', 'розовая собака', 'якоря']) {
      const found = of(`Коврик Portable 140x200x1 см, ${tail}`);
      assert.deepEqual(
        [found.color, found.issues, found.ambiguous],
        [undefined, ['color unrecognized'], true],
        tail,
      );
    }
  });

  it('reports placeholders and takes neither', () => {
    const found = of('Обруч, в ассортименте (в ассортименте)');
    assert.deepEqual(
      [found.color, found.size, found.issues.toSorted(), found.ambiguous],
      [undefined, undefined, ['color placeholder', 'size placeholder'], false],
    );
  });

  it('takes an odd parenthesis for a size, and says so', () => {
    const found = of('Товар (предложение 1)');
    assert.deepEqual([found.size, found.issues], ['предложение 1', ['size unrecognized']]);
  });

  it("leaves a parenthesis to the good's own name", () => {
    assert.equal(of('Кимоно (BJJ)', [], { goodName: 'Кимоно (BJJ)' }).size, undefined);
    assert.equal(of('Кимоно (BJJ) (XL)', [], { goodName: 'Кимоно (BJJ)' }).size, 'XL');
  });
});

describe('variantAttributes from characteristics and properties', () => {
  it('prefers characteristics to the name', () => {
    const found = of('Ботфорты, белый (99)', [
      ['Размер', '43'],
      ['Цвет', 'чёрная'],
      ['Полнота', '5'],
    ]);
    assert.deepEqual([found.color, found.size], ['Черный', '43']);
  });

  it('never makes a size of "Детский размер", whatever it says', () => {
    for (const value of ['Да', 'Нет', '', '-', 'true', '110']) {
      const found = of('Кимоно, синий (М1 (132-137))', [['Детский размер', value]]);
      assert.equal(found.size, 'М1 (132-137)', value);
    }
    assert.equal(of('Кимоно', [['Детский размер', 'Да']]).size, undefined);
    assert.deepEqual(of('Кимоно', [['Детский размер', 'Да']]).issues, ['size boolean']);
  });

  it('never makes a size of Да in a real size characteristic', () => {
    const found = of('Кимоно (XL)', [['Размер', 'Да']]);
    assert.deepEqual([found.size, found.issues], ['XL', ['size boolean']]);
  });

  it('takes Размер_<вид> before РазмерTD, and РазмерTD before the name', () => {
    assert.equal(
      of('Бутсы (99)', [
        ['РазмерTD', '44'],
        ['Размер_Бутсы (обувь)', '45'],
      ]).size,
      '45',
    );
    assert.equal(of('Бутсы (99)', [['РазмерTD', '44']]).size, '44');
    assert.equal(of('Бутсы (99)', [['РазмерTD', '']]).size, '99');
    assert.equal(of('Бутсы (99)', [['Размер коробки', '50']]).size, '99');
  });

  it('resolves properties by id, the offer before the good', () => {
    assert.equal(of('Мяч', [], { offerRefs: [['p-color', 'v-red']] }).color, 'Красный');
    assert.equal(of('Мяч', [], { goodRefs: [['p-color', 'v-red']] }).color, 'Красный');
    assert.equal(
      of('Мяч', [], { offerRefs: [['p-color', 'v-red']], goodRefs: [['p-look', 'Синий']] }).color,
      'Красный',
    );
    assert.equal(of('Мяч', [], { offerRefs: [['p-size', 'v-xl']] }).size, 'XL');
    assert.equal(
      of('Коврик', [], { goodRefs: [['p-look', 'Мишка на каникулах/Дороги']] }).color,
      'Мишка на каникулах/Дороги',
    );
  });

  it('resolves no nil reference and no guid that the dictionary does not know', () => {
    for (const value of [
      '00000000-0000-0000-0000-000000000000',
      'dee6e186-55bc-11d9-848a-00112f43529a',
      '',
      '-',
    ]) {
      assert.equal(of('Мяч, синий', [], { goodRefs: [['p-color', value]] }).color, 'Синий', value);
    }
  });

  it('reports characteristics that contradict each other', () => {
    const found = of('Мяч', [
      ['Цвет', 'Синий'],
      ['Окраска', 'Красный'],
    ]);
    assert.deepEqual([found.color, found.issues, found.ambiguous], ['Синий', ['color several'], true]);
  });
});
