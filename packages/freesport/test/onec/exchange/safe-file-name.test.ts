import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { safeFileName } from '../../../src/onec/exchange/safe-file-name.ts';

describe('safeFileName', () => {
  it('lets names of 1C through and turns their slashes', () => {
    for (const name of ['import.xml', 'goods/goods_1_10_a-b.xml', 'import_files/aa/Фото №1 (2).jpg']) {
      assert.equal(safeFileName(name), name);
    }
    assert.equal(safeFileName('import_files\\aa\\x.jpg'), 'import_files/aa/x.jpg');
  });

  it('refuses whatever could leave the folder or hide in it', () => {
    const names = [
      '',
      '/a',
      '..',
      'a/../b',
      'a//b',
      './a',
      '.parts/a',
      'a\u0000',
      'C:/a',
      'a/b/c/d/e/f/g',
      'x'.repeat(301),
      'a\n',
    ];
    for (const name of names) assert.equal(safeFileName(name), undefined, JSON.stringify(name));
  });
});
