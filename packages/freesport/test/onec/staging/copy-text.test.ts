import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type CopyValue, copyRowBytesMax, writeCopyRow } from '../../../src/onec/staging/copy-text.ts';

/** The bytes of a row, written behind others into a buffer that is just large enough. */
function written(values: readonly CopyValue[]): Buffer {
  const bytes = Buffer.alloc(3 + copyRowBytesMax(values), 0x3f);
  const end = writeCopyRow(bytes, 3, values);
  assert.equal(bytes.toString('latin1', 0, 3), '???');
  assert.ok(end <= bytes.length);
  return bytes.subarray(3, end);
}

/** The same by the manual, one field after the other. */
function expected(values: readonly CopyValue[]): Buffer {
  const fields = values.map((value) => {
    if (value === null || value === undefined) return '\\N';
    if (typeof value === 'boolean') return value ? 't' : 'f';
    return String(value)
      .replaceAll('\0', '')
      .replaceAll('\\', '\\\\')
      .replaceAll('\t', '\\t')
      .replaceAll('\n', '\\n')
      .replaceAll('\r', '\\r');
  });
  return Buffer.from(`${fields.join('\t')}\n`);
}

describe('writeCopyRow', () => {
  it('tells null, empty and escaped text apart', () => {
    assert.equal(
      written([null, undefined, '', 'a\tb\nc\\d\r', 1.5, true, false]).toString(),
      '\\N\t\\N\t\ta\\tb\\nc\\\\d\\r\t1.5\tt\tf\n',
    );
  });

  it('writes any text and number as the manual has it, short or long', () => {
    const sign = fc.oneof(
      fc.constantFrom(
        '\\',
        '\t',
        '\n',
        '\r',
        '\0',
        'ё',
        '№',
        '€',
        '😀',
        '\ud800',
        '\udc00',
        '\uffff',
        '\x7f',
      ),
      fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
    );
    const text = fc.oneof(
      fc.array(sign, { maxLength: 12 }),
      fc.array(sign, { minLength: 30, maxLength: 80 }),
      fc.array(fc.constantFrom('а', 'b', '\t'), { maxLength: 80 }),
    );
    const value = fc.oneof(
      text.map((signs) => signs.join('')),
      fc.integer(),
      fc.nat({ max: 2 ** 31 - 1 }),
      fc.maxSafeInteger(),
      fc.double(),
      fc.boolean(),
      fc.constantFrom(null, undefined, 0, 9, 10, 2 ** 31 - 1, 2 ** 31, -0),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 6 }), (values) => {
        assert.deepEqual(written(values), expected(values));
      }),
      { numRuns: 2000 },
    );
  });
});
