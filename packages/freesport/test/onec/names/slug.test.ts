import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { slugBase } from '../../../src/onec/names/slug.ts';

describe('slugBase', () => {
  it('transliterates, folds accents and punctuation', () => {
    assert.equal(slugBase('Бутсы «Ёж», щит №5 — Café', 'item'), 'butsy-ezh-schit-no5-cafe');
  });

  it('falls back where nothing is left and never ends in a dash', () => {
    assert.equal(slugBase('—!—', 'item'), 'item');
    const long = slugBase(`${'а'.repeat(199)} б`, 'item');
    assert.equal(long.length, 199);
    assert.match(long, /a$/);
  });
});
