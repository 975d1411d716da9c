import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { copyColumns } from '../../../src/onec/staging/copy-text.ts';

describe('copyColumns', () => {
  it('tells null, empty and escaped text apart', () => {
    assert.equal(
      copyColumns([null, undefined, '', 'a\tb\nc\\d\r', 1.5, true, false]),
      '\\N\t\\N\t\ta\\tb\\nc\\\\d\\r\t1.5\tt\tf',
    );
  });
});
