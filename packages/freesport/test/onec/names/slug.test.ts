import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { slugBase } from '../../../src/onec/names/slug.ts';

describe('slugBase', () => {
  it('transliterates, folds accents and punctuation', () => {
    assert.equal(slugBase('Бутсы «Ёж», щит №5 — Café', 'item'), 'butsy-ezh-schit-no5-cafe');
  });

  it('comes to the same by its short way', () => {
    for (const [name, slug] of [
      ['Мяч, синий (№5)', 'myach-siniy-no5'],
      ['Мяч, синий (5)', 'myach-siniy-5'],
      ['  Объём -- 2.5 л ', 'obem-2-5-l'],
      ['ь-ъ-A', 'a'],
    ] as const) {
      assert.equal(slugBase(name, 'item'), slug);
      // The ligature sends it the long way round.
      assert.equal(slugBase(`${name} ﬁ`, 'item'), `${slug}-fi`);
    }
  });

  it('falls back where nothing is left and never ends in a dash', () => {
    assert.equal(slugBase('—!—', 'item'), 'item');
    const long = slugBase(`${'а'.repeat(199)} б`, 'item');
    assert.equal(long.length, 199);
    assert.match(long, /a$/);
  });
});
