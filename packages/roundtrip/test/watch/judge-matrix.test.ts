import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldWatch } from '../../src/watch/fold-watch.ts';
import type { MatrixRow } from '../../src/watch/matrix.ts';
import { storyMatrix } from '../../src/watch/matrix.ts';
import { type Baseline, settleWatch } from '../../src/watch/settled-watch.ts';
import type { SourceReading } from '../../src/watch/watch-sample.ts';
import {
  API,
  COLOURS,
  HOST,
  HOUR_MS,
  LOG,
  MINUTE_MS,
  minutes,
  planOf,
  settled,
  traffic,
} from './simulate.ts';

const slow = (requests: number, over: number): readonly SourceReading[] => [
  {
    source: 'api',
    requests,
    errors: 0,
    latency: [
      [0, 100, requests - over],
      [1000, null, over],
    ],
  },
];

test('above 5 % the matrix decides to go back, after two samples', () => {
  const state = foldWatch(settled(), [
    ...minutes(0, 60, () => traffic(30)),
    ...minutes(61, 75, () => traffic(30, 15)),
  ]);
  const { decision } = state;
  assert.equal(decision?.rollback, 'yes');
  assert.equal(decision?.row, 'errors-above-5-percent');
  assert.match(decision?.reason ?? '', /\d+ of \d+ requests failed in 10min \(.*at least/);
  assert.ok(state.atMs !== undefined && state.atMs <= 75 * MINUTE_MS);
  assert.equal(state.notes.filter(({ level }) => level === 'decide').length >= 1, true);
});

test('one bad sample is not enough, whatever it says', () => {
  const bad = (minute: number) => traffic(30, minute === 61 ? 30 : 0);
  assert.equal(foldWatch(settled(), minutes(0, 120, bad)).decision, undefined);
});

test('an outage that is over is not rolled back', () => {
  // A source that was busy gives nine bad minutes in one sample, and the next sample is good.
  const late = (minute: number) => (minute === 31 ? traffic(300, 100) : traffic(30));
  assert.equal(foldWatch(settled(), minutes(0, 60, late)).decision, undefined);
});

test('samples without a request in between do not end an outage', () => {
  const everyOther = (minute: number) => (minute % 2 === 0 ? traffic(10, 10) : traffic(0));
  assert.equal(foldWatch(settled(), minutes(0, 20, everyOther)).decision?.rollback, 'yes');
});

test('thin traffic does not invent an outage: 3 errors of 19 requests decide nothing', () => {
  const thin = (minute: number) =>
    traffic(minute % 2, minute === 11 || minute === 21 || minute === 31 ? 1 : 0);
  const { decision, rows } = foldWatch(settled(), minutes(0, 38, thin));
  assert.equal(decision, undefined);
  assert.equal(rows['errors-above-5-percent'], undefined);
});

test('our many good probes do not hide that customers fail', () => {
  const both = () => [...traffic(120), { source: 'log', requests: 4, errors: 2 }];
  const state = foldWatch(settled({ sources: [API, LOG] }), minutes(0, 30, both));
  assert.equal(state.decision?.rollback, 'yes');
  assert.match(state.decision?.reason ?? '', /; log\)/);
});

test('1 to 5 % opens a timer and names who decides; after it the watch fails and asks', () => {
  const three = () => traffic(100, 3);
  const early = foldWatch(settled(), minutes(0, 120, three));
  assert.equal(early.decision, undefined);
  assert.ok(early.notes.some(({ level, text }) => level === 'page' && /Backend decides in 6h/.test(text)));
  assert.equal(
    early.notes.filter(({ text }) => /decides in/.test(text)).length,
    1,
    'the timer is opened once',
  );
  const late = foldWatch(settled(), minutes(0, 8 * 60, three));
  assert.equal(late.decision?.rollback, 'maybe');
  assert.equal(late.decision?.owner, 'Backend');
});

test('a timer stops when the row is over', () => {
  const watch = settled();
  const hotfixed = [...minutes(0, 60, () => traffic(100, 3)), ...minutes(61, 600, () => traffic(100))];
  const state = foldWatch(watch, hotfixed);
  assert.equal(state.decision, undefined);
  assert.equal(state.rows['errors-1-to-5-percent']?.dueMs, undefined);
  assert.ok(state.notes.some(({ text }) => /the timer is stopped/.test(text)));
});

test('a timer does not run on through a gap, nor does one bad sample before it count with one after it', () => {
  const asleep = [...minutes(0, 10, () => traffic(100, 3)), ...minutes(600, 610, () => traffic(100, 3))];
  const state = foldWatch(settled(), asleep);
  assert.equal(state.decision, undefined);
  assert.ok((state.rows['errors-1-to-5-percent']?.dueMs ?? 0) >= 16 * HOUR_MS);
  const twice = [
    ...minutes(0, 60, (minute) => traffic(30, minute === 60 ? 30 : 0)),
    ...minutes(300, 310, (minute) => traffic(30, minute === 300 ? 30 : 0)),
  ];
  assert.equal(foldWatch(settled(), twice).decision, undefined);
});

test('slow responses are watched for an hour, then somebody decides', () => {
  const watch = settled({ goals: [{ metric: 'latencyMs', quantile: 0.95, max: 500 }] });
  const early = foldWatch(
    watch,
    minutes(0, 59, () => slow(30, 6)),
  );
  assert.equal(early.decision, undefined);
  assert.ok(early.notes.some(({ text }) => /DevOps decides in 1h/.test(text)));
  const late = foldWatch(
    watch,
    minutes(0, 70, () => slow(30, 6)),
  );
  assert.deepEqual([late.decision?.rollback, late.decision?.row], ['maybe', 'slow-responses']);
  assert.ok((late.atMs ?? 0) >= HOUR_MS);
});

test('missing colours are listed, noted once and never a reason to go back', () => {
  const readings = (minute: number): readonly SourceReading[] => [
    ...traffic(30),
    {
      source: 'colours',
      values: { missingColours: minute < 10 ? 0 : 2 },
      lists: { missingColours: minute < 10 ? [] : ['фуксия', 'хаки'] },
    },
  ];
  const state = foldWatch(settled({ sources: [API, COLOURS] }), minutes(0, 60, readings));
  assert.equal(state.decision, undefined);
  assert.deepEqual(
    state.notes.map(({ text }) => text),
    ['missingColours > 0: missingColours is 2 (фуксия, хаки). Hotfix: add the colours (Backend)'],
  );
});

test('CPU and memory alert and decide nothing', () => {
  const hot: MatrixRow = {
    id: 'hot',
    condition: { metric: 'cpu', op: '>', value: 0.9 },
    severity: 'low',
    rollback: 'no',
    action: 'Look at the host',
    owner: 'DevOps',
  };
  const watch = settled(
    {
      sources: [API, HOST],
      goals: [
        { metric: 'errorRate', max: 0.01 },
        { metric: 'cpu', max: 0.9 },
      ],
    },
    [...storyMatrix(), hot],
  );
  const load = (minute: number): readonly SourceReading[] => [
    ...traffic(30),
    { source: 'host', values: { cpu: minute >= 10 && minute < 20 ? 0.99 : 0.2, memory: 0.5 } },
  ];
  const state = foldWatch(watch, minutes(0, 60, load));
  assert.equal(state.decision, undefined);
  const texts = state.notes.map(({ text }) => text);
  assert.ok(texts.includes('cpu: cpu at 99 %, the limit is 90 %'), texts.join('\n'));
  assert.ok(texts.includes('cpu: over'));
});

const BASELINE: Baseline = {
  takenAt: '2025-11-30T00:00:00.000Z',
  sources: { api: { requests: 1000, errors: 90, latency: [] } },
};

test('what was as bad before the change does not go back by itself: a human is asked', () => {
  const bad = minutes(0, 30, () => traffic(30, 3));
  const alone = foldWatch(settled(), bad);
  assert.equal(alone.decision?.rollback, 'yes');
  const compared = foldWatch(settleWatch({ plan: planOf(), matrix: storyMatrix(), baseline: BASELINE }), bad);
  assert.equal(compared.decision?.rollback, 'maybe');
  assert.match(compared.decision?.reason ?? '', /as bad before the change/);
});

test('far worse than a bad baseline still goes back', () => {
  const worse = minutes(0, 30, () => traffic(30, 15));
  const watch = settleWatch({ plan: planOf(), matrix: storyMatrix(), baseline: BASELINE });
  assert.equal(foldWatch(watch, worse).decision?.rollback, 'yes');
});

test('without a row for it, the fast window asks somebody to decide now', () => {
  const state = foldWatch(
    settled({}, []),
    minutes(0, 30, () => traffic(30, 9)),
  );
  assert.equal(state.decision?.rollback, 'maybe');
  assert.equal(state.decision?.row, 'fast window');
});

test('the medium window pages and the slow one asks to investigate', () => {
  const levels = (errors: number) =>
    foldWatch(
      settled({}, []),
      minutes(0, 400, () => traffic(100, errors)),
    )
      .notes.map(({ level, text }) => `${level} ${text.split(':')[0]}`)
      .sort();
  assert.deepEqual(levels(3), ['investigate slow window']);
  assert.deepEqual(levels(9), ['investigate slow window', 'page medium window']);
  assert.deepEqual(levels(0), []);
});
