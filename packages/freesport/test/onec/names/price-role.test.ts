import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planPrices, priceRole } from '../../../src/onec/names/price-role.ts';

describe('priceRole', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['Опт 1 (300-600 тыс.руб в квартал)', 'opt1'],
    ['опт3', 'opt3'],
    ['Оптовая 2', 'opt2'],
    ['Опт 4', undefined],
    ['Опт 12', undefined],
    ['Тренерская', 'trainer'],
    ['Для федераций', 'federation'],
    ['РРЦ', 'rrp'],
    ['Рекомендованная розничная', 'rrp'],
    ['МРЦ', 'msrp'],
    ['Розничные', 'retail'],
    ['Партнер', undefined],
    ['Интернет', undefined],
  ];
  for (const [name, role] of cases)
    it(`takes "${name}" for ${role ?? 'none'}`, () => assert.equal(priceRole(name), role));
});

describe('planPrices', () => {
  it('falls back from retail to РРЦ to МРЦ to the first declared', () => {
    const chain = (...names: string[]): readonly string[] =>
      planPrices(names.map((name) => ({ id: name, name }))).retailChain;
    assert.deepEqual(chain('Партнер', 'МРЦ', 'РРЦ', 'Розничная'), ['Розничная', 'РРЦ', 'МРЦ']);
    assert.deepEqual(chain('Партнер', 'МРЦ'), ['МРЦ']);
    assert.deepEqual(chain('Интернет', 'инет'), ['Интернет']);
    assert.deepEqual(chain(), []);
  });

  it('gives a role to its first type and keeps the others without one', () => {
    const { byRole, withoutRole } = planPrices([
      { id: 'a', name: 'РРЦ' },
      { id: 'b', name: 'РРЦ старая' },
      { id: 'c', name: 'Опт 4' },
    ]);
    assert.equal(byRole.get('rrp'), 'a');
    assert.deepEqual(
      withoutRole.map(({ id }) => id),
      ['b', 'c'],
    );
  });

  it('sells in one currency, roubles where there are any, however they are spelled', () => {
    const plan = (...types: readonly (readonly [string, string])[]) =>
      planPrices(types.map(([name, currency]) => ({ id: name, name, currency })));
    const mixed = plan(['Оптовая 1', 'USD'], ['Розничная', 'руб'], ['Тренерская', 'RUB'], ['РРЦ', '']);
    assert.deepEqual([...mixed.byRole.keys()], ['retail', 'trainer', 'rrp']);
    assert.deepEqual(
      mixed.withoutRole.map(({ id }) => id),
      ['Оптовая 1'],
    );
    assert.deepEqual(plan(['BASE', 'USD'], ['Интернет', 'руб.']).retailChain, ['Интернет']);
    assert.deepEqual([...plan(['Опт 1', 'UAH'], ['Розничная', 'UAH']).byRole.keys()], ['opt1', 'retail']);
  });
});
