import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { promDuration, withMatcher } from '../../src/services/promql.ts';

describe('a selector gets one more matcher', () => {
  const CASES: readonly (readonly [string, string])[] = [
    ['up', 'up{x="1"}'],
    ['up{}', 'up{x="1"}'],
    [' up { job = "a", } ', 'up{job = "a",x="1"}'],
    ['{__name__="up"}', '{__name__="up",x="1"}'],
    [`up{path="/{id}",b='"'}`, `up{path="/{id}",b='"',x="1"}`],
    ['job:up:sum{a="\\"}"}', 'job:up:sum{a="\\"}",x="1"}'],
  ];
  for (const [given, expected] of CASES) it(given, () => assert.equal(withMatcher(given, 'x="1"'), expected));

  it('and an expression is refused', () => {
    for (const given of ['', '{}', 'sum(up)', 'up or down', 'up[5m]', 'up{a="b"', 'rate(up{a="b"}[5m])'])
      assert.throws(() => withMatcher(given, 'x="1"'), { code: 'prometheus-selector-invalid' }, given);
  });
});

it('a time span is written with its greatest whole unit', () => {
  assert.deepEqual([86_400_000, 90 * 60_000, 30_000, 1500].map(promDuration), [
    '24h',
    '90m',
    '30s',
    '1500ms',
  ]);
});
