/** The small value functions, each as a table of cases. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  cleanLine,
  DecimalSum,
  emptyMarker,
  foldBrandName,
  foldColorName,
  htmlToText,
  isNoBrand,
  normalizeDecimal,
  parseDecimal,
  parseExchangeDate,
  parseFileName,
} from '../../src/index.ts';

function table<T>(name: string, run: (input: string) => T, cases: readonly (readonly [string, T])[]): void {
  describe(name, () => {
    for (const [input, expected] of cases)
      it(`${JSON.stringify(input)} → ${JSON.stringify(expected)}`, () =>
        assert.deepEqual(run(input), expected));
  });
}

table('normalizeDecimal', normalizeDecimal, [
  ['3037.50', '3037.50'],
  ['0', '0'],
  ['-1', '-1'],
  ['21,6', '21.6'],
  ['3 037,5', '3037.5'],
  ['-999\u00a0999\u00a0999,9', '-999999999.9'],
  ['1\u202f000', '1000'],
  ['+5', '5'],
  ['−7', '-7'],
  ['.5', '0.5'],
  ['5.', '5'],
  [' 10 ', '10'],
  ['', undefined],
  ['-', undefined],
  ['.', undefined],
  ['1.2.3', undefined],
  ['1e3', undefined],
  ['дорого', undefined],
  ['1,234.5', undefined],
  ['--1', undefined],
  ['0x10', undefined],
  ['Infinity', undefined],
  ['99999999999999999999.99', '99999999999999999999.99'],
]);

describe('parseDecimal', () => {
  it('says whether there was a comma', () => {
    assert.equal(parseDecimal('1,5')?.hadComma, true);
    assert.equal(parseDecimal('1.5')?.hadComma, false);
  });
});

describe('DecimalSum', () => {
  it('adds as exactly as scaled integers do', () => {
    const decimal = fc
      .tuple(fc.boolean(), fc.bigInt(0n, 10n ** 14n), fc.integer({ min: 0, max: 5 }))
      .map(([negative, digits, scale]) => {
        const text = digits.toString().padStart(scale + 1, '0');
        const whole = text.slice(0, text.length - scale);
        return {
          text: `${negative ? '-' : ''}${whole}${scale === 0 ? '' : `.${text.slice(text.length - scale)}`}`,
          scaled: (negative ? -digits : digits) * 10n ** BigInt(5 - scale),
        };
      });
    fc.assert(
      fc.property(fc.array(decimal, { maxLength: 50 }), (list) => {
        const sum = new DecimalSum();
        for (const { text } of list) sum.add(text);
        const total = list.reduce((all, { scaled }) => all + scaled, 0n);
        const shown = sum.toString();
        const [whole = '', fraction = ''] = shown.split('.');
        assert.equal(
          BigInt(whole.replace('-', '')) * 100_000n + BigInt(fraction.padEnd(5, '0')),
          total < 0n ? -total : total,
        );
        assert.equal(shown.startsWith('-'), total < 0n);
        assert.doesNotMatch(shown, /\.\d*0$|\.$/);
      }),
    );
  });
  it('does not drift over a million kopecks', () => {
    const sum = new DecimalSum();
    for (let i = 0; i < 1_000_000; i += 1) sum.add('0.01');
    assert.equal(sum.toString(), '10000');
  });
});

table('emptyMarker', emptyMarker, [
  ['', 'empty'],
  ['  ', 'empty'],
  ['-999999999.9', 'sentinel'],
  ['-999\u00a0999\u00a0999,9', 'sentinel'],
  ['-999 999 999,9', 'sentinel'],
  ['0001-01-01T00:00:00', 'sentinel'],
  ['00000000-0000-0000-0000-000000000000', 'nil'],
  ['-', 'placeholder'],
  ['Без Бренда', 'placeholder'],
  ['No name', 'placeholder'],
  ['в ассортименте', 'placeholder'],
  ['-1', undefined],
  ['0', undefined],
  ['Да', undefined],
  ['-999999999.8', undefined],
  ['00000000-0000-0000-0000-000000000001', undefined],
]);

describe('foldBrandName', () => {
  for (const group of [
    ['BoyBo', 'boybo', ' BoyBo '],
    ['Ingame', 'ingame', 'Ingame.', 'INGAME'],
    ['Rusco Sport', 'RuscoSport', 'rusco-sport'],
    ['Зелёный', 'зеленый'],
    ['Adídas', 'adidas'],
  ]) {
    it(`${group.join(', ')} are one`, () => assert.equal(new Set(group.map(foldBrandName)).size, 1));
  }
  it('does not make и of й', () => assert.notEqual(foldBrandName('Йод'), foldBrandName('Иод')));
  it('knows what is no brand', () => {
    assert.deepEqual(['Без бренда', 'Без Бренда', 'No name', '-', '', ' . ', 'Espado'].map(isNoBrand), [
      true,
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
  });
});

table('parseExchangeDate', (text) => parseExchangeDate(text)?.local, [
  ['2025-09-12T21:25:37', '2025-09-12T21:25:37'],
  ['2014-06-01T0:36:33', '2014-06-01T00:36:33'],
  ['2022-10-31UTC02:25:51', '2022-10-31T02:25:51'],
  ['2020-01-02', '2020-01-02T00:00:00'],
  ['0001-01-01T00:00:00', undefined],
  ['2021-02-31T00:00:00', undefined],
  ['2021-13-01', undefined],
  ['вчера', undefined],
  ['', undefined],
  ['2020-01-02 03:04', '2020-01-02T03:04:00'],
]);

table('parseFileName', (name) => Object.values(parseFileName(name)).join(' '), [
  ['goods/goods_1_10_5f3a3b1c-0000-0000-0000-000000000000.xml', 'goods 1 10'],
  ['priceLists_1_2_x.xml', 'pricelists 1 2'],
  ['import0_1.xml', 'import 0 1'],
  ['import.xml', 'import 0 0'],
  ['import___5335d080-66b0-4355-887c-d54bba6f1f08.xml', 'import 0 0'],
  ['offers0_12.xml', 'offers 0 12'],
  ['a.zip!/goods_2_3.xml', 'goods 2 3'],
  ['rests\\rests_1_7_q.XML', 'rests 1 7'],
  ['1.xml', '1 0 0'],
]);

table('htmlToText', htmlToText, [
  ['для йоги.<br>Незаменимый&nbsp;спутник', 'для йоги.\nНезаменимый спутник'],
  ['rt <strong>fab</strong>', 'rt fab'],
  ['<p>а</p><p>б</p>', 'а\nб'],
  ['1 < 2 и 3 > 2', '1 < 2 и 3 > 2'],
  ['<script>alert(1)</script>х', 'х'],
  ['&laquo;Ё&raquo; &#8212; &#x41; &unknown;', '«Ё» — A &unknown;'],
  ['а\r\n\r\n\r\n\r\nб', 'а\n\nб'],
]);

table('cleanLine', cleanLine, [
  ['Самокат 2-колесный  COSMORIDE ', 'Самокат 2-колесный COSMORIDE'],
  ['\u00a0796\u00a0 ', '796'],
  ['а\tб\nв', 'а б в'],
]);

table('foldColorName', foldColorName, [
  ['чёрная', 'черный'],
  ['Черный', 'черный'],
  ['синяя', 'синий'],
  ['синее', 'синий'],
  ['зеленое', 'зеленый'],
  ['голубая', 'голубой'],
  ['золотая', 'золотой'],
  ['Тёмно-синий', 'темно-синий'],
  ['темно-синяя', 'темно-синий'],
  ['т.бежевый', 'темно-бежевый'],
  ['св. серый', 'светло-серый'],
  ['Черный/Серый', 'черный/серый'],
  ['Черно-белый', 'черный/белый'],
  ['Жёлтый с чёрным', 'желтый/черный'],
  ['Красный;Черный', 'красный/черный'],
  ['хаки/син', 'хаки/синий'],
  ['Берюзовый', 'бирюзовый'],
  ['Кораловый', 'коралловый'],
  ['розовая собака', 'розовый собака'],
  ['GIRAFFE', 'giraffe'],
  ['Белый принт', 'белый принт'],
  [' Синий ', 'синий'],
]);
