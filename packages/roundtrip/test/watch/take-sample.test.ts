import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refused } from '../../src/errors.ts';
import { foldWatch } from '../../src/watch/fold-watch.ts';
import type { SourceReader } from '../../src/watch/source-reader.ts';
import { probesToSend, takeReadings } from '../../src/watch/take-sample.ts';
import { EMPTY_WATCH } from '../../src/watch/watch-state.ts';
import { API, LOG, minutes, settled } from './simulate.ts';

function take(sources: readonly SourceReader[], busy = new Set<string>()) {
  const { signal } = new AbortController();
  return takeReadings({ settled: settled(), state: EMPTY_WATCH, sources, busy, signal });
}

const good: SourceReader = { name: 'good', read: async () => ({ source: 'good', requests: 3, errors: 0 }) };

test('a source that throws is missing data and does not disturb the others', async () => {
  const bad: SourceReader = { name: 'bad', read: () => Promise.reject(new Error('socket hang up')) };
  assert.deepEqual(await take([bad, good]), [
    { source: 'bad', missing: 'unexpected error: socket hang up' },
    { source: 'good', requests: 3, errors: 0 },
  ]);
});

test('a source that can never answer ends the watch', async () => {
  const refusal = new Refused({ code: 'histogram-blind', seen: 'a', expected: 'b', next: 'c' });
  const blind: SourceReader = { name: 'blind', read: () => Promise.reject(refusal) };
  await assert.rejects(take([blind, good]), refusal);
});

test('a source that still works on an earlier sample is not asked again', async () => {
  let asked = 0;
  const slow: SourceReader = {
    name: 'slow',
    async read() {
      asked++;
      return { source: 'slow' };
    },
  };
  assert.deepEqual(await take([slow], new Set(['slow'])), [
    { source: 'slow', missing: 'still busy with an earlier sample' },
  ]);
  assert.equal(asked, 0);
});

test('thin traffic is topped up by probes, busy traffic is left alone', () => {
  const watch = settled({ sources: [{ ...API, count: 2, topUpTo: 300 } as typeof API, LOG] });
  const after = (perMinute: number) =>
    foldWatch(
      watch,
      minutes(0, 30, () => [
        { source: 'api', requests: 30, errors: 0 },
        { source: 'log', requests: perMinute, errors: 0 },
      ]),
    );
  // Three hundred in ten samples of a minute, less what customers send themselves.
  assert.equal(probesToSend(watch, EMPTY_WATCH, 'api'), 30);
  assert.equal(probesToSend(watch, after(0), 'api'), 30);
  assert.equal(probesToSend(watch, after(10), 'api'), 20);
  assert.equal(probesToSend(watch, after(500), 'api'), 2);
  assert.equal(probesToSend(watch, after(0), 'log'), 0);
});
