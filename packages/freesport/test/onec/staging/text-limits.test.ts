import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { leading, trimSpaces } from '../../../src/onec/staging/text-limits.ts';

describe('leading', () => {
  it('counts characters as PostgreSQL does', () => {
    assert.equal(leading('😀😀a', 2), '😀😀');
    assert.equal(leading('ёж', 2), 'ёж');
    assert.equal(leading('', 2), '');
  });
});

describe('trimSpaces', () => {
  it('takes spaces off both ends and nothing else', () => {
    assert.equal(trimSpaces('  a b '), 'a b');
    assert.equal(trimSpaces('\ta\u00a0'), '\ta\u00a0');
    assert.equal(trimSpaces('   '), '');
    assert.equal(trimSpaces(''), '');
  });
});
