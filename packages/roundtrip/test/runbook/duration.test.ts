import assert from 'node:assert/strict';
import { it } from 'node:test';
import { length } from '../../src/dashboard/web/src/format.ts';
import { Refused } from '../../src/errors.ts';
import { durationMs, formatMs } from '../../src/runbook/duration.ts';

it('a duration is numbers with units, added up', () => {
  assert.deepEqual(
    ['500ms', '10min', '1h 15min', '1.5h', ' 7d '].map(durationMs),
    [500, 600_000, 4_500_000, 5_400_000, 604_800_000],
  );
  for (const text of ['', '10', '1 h', '10 minutes', '-5min', '1h,15min', 'Infinityms'])
    assert.throws(
      () => durationMs(text),
      (error) => error instanceof Refused && error.code === 'bad-duration',
      text,
    );
});

it('a duration is told in two units at most', () => {
  assert.deepEqual([0, 999, 1_500, 59_900, 90_000, 600_000, 4_500_000, 7_200_000].map(formatMs), [
    '0ms',
    '999ms',
    '1.5s',
    '59.9s',
    '1min 30s',
    '10min',
    '1h 15min',
    '2h',
  ]);
});

it('a duration is rounded before it is split into units', () => {
  assert.deepEqual([999.6, 59_960, 119_800, 599_900, 3_599_900, 7_199_900].map(formatMs), [
    '1.0s',
    '1min 0s',
    '2min 0s',
    '10min',
    '1h',
    '2h',
  ]);
});

it('the dashboard rounds a duration as reports do', () => {
  // A part that is nothing is left out in the dashboard.
  const plain = (text: string): string => text.replaceAll(/ 0s$| /g, '');
  for (let ms = 1; ms < 10_000_000; ms = Math.ceil(ms * 1.013))
    assert.equal(plain(length(ms, 'en')), plain(formatMs(ms)), `${ms} ms`);
});
