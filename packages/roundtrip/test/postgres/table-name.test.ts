import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refused } from '../../src/errors.ts';
import { canonicalTableName, parseTableName, sqlTableName } from '../../src/postgres/table-name.ts';

test('a name has one spelling, however it is written', () => {
  const cases: readonly [string, string][] = [
    ['orders', 'public.orders'],
    ['PUBLIC.Orders', 'public.orders'],
    ['"Orders"', 'public."Orders"'],
    ['public."orders"', 'public.orders'],
    ['"my.shop"."order.lines"', '"my.shop"."order.lines"'],
    ['user', 'public.user'],
    ['"a""b"', 'public."a""b"'],
  ];
  for (const [written, canonical] of cases) {
    assert.equal(canonicalTableName(written), canonical);
    assert.equal(canonicalTableName(canonical), canonical);
  }
  assert.equal(sqlTableName('user'), '"public"."user"');
  assert.deepEqual(parseTableName('"my.shop".x'), { schema: 'my.shop', name: 'x' });
});

test('what is no table name is refused', () => {
  for (const text of ['', '.', 'a.b.c', 'a b', '"open', 'a.'])
    assert.throws(
      () => parseTableName(text),
      (error) => error instanceof Refused && error.code === 'table-name-invalid',
      text,
    );
});
