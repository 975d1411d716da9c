import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refused } from '../../src/errors.ts';
import type { MatrixRow } from '../../src/watch/matrix.ts';
import { settled } from './simulate.ts';

const LOAD_ROW: MatrixRow = {
  id: 'hot',
  condition: { metric: 'cpu', op: '>', value: 0.9 },
  severity: 'high',
  rollback: 'yes',
  action: 'Roll back',
  owner: 'DevOps',
};

const refusals: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['no goals', () => settled({ goals: [] }), /no goals/],
  ['no sources', () => settled({ sources: [] }), /no sources/],
  ['a duration of nothing', () => settled({ durationMs: 0 }), /durationMs is 0/],
  ['a speed that is no number', () => settled({ speed: Number.NaN }), /speed is NaN/],
  ['an interval longer than the watch', () => settled({ intervalMs: 1e9 }), /longer than the watch/],
  [
    'a goal of 100 % errors',
    () => settled({ goals: [{ metric: 'errorRate', max: 1 }] }),
    /goal for errorRate is 1/,
  ],
  [
    'a goal that no source can show',
    () => settled({ goals: [{ metric: 'cpu', max: 0.9 }] }),
    /no host source/,
  ],
  ['load that rolls back', () => settled({}, [LOAD_ROW]), /never rolls back by itself/],
  [
    'a row twice',
    () =>
      settled({}, [
        { ...LOAD_ROW, rollback: 'no' },
        { ...LOAD_ROW, rollback: 'no' },
      ]),
    /two rows/,
  ],
];

for (const [what, make, seen] of refusals) {
  test(`refuses ${what}`, () => {
    assert.throws(make, (error) => {
      assert.ok(error instanceof Refused);
      assert.equal(error.code, 'bad-watch');
      assert.match(error.seen, seen);
      return true;
    });
  });
}

test('refuses two sources of one name', () => {
  const [api] = settled().plan.sources;
  assert.ok(api !== undefined);
  assert.throws(() => settled({ sources: [api, api] }), /two sources are named "api"/);
});

test('probes and access logs are one pool and each of them a unit; Prometheus, which sees both again, stands alone', () => {
  const { pools, units } = settled({
    sources: [
      { kind: 'http', name: 'api', urls: ['http://127.0.0.1/'] },
      { kind: 'access-log', name: 'log', file: 'access.log', format: 'nginx' },
      {
        kind: 'prometheus',
        name: 'prometheus',
        url: 'http://127.0.0.1:9090',
        requests: 'http_requests_total',
        errorsWhere: { label: 'status', matches: '5..' },
      },
    ],
  });
  assert.deepEqual(pools, [['api', 'log'], ['prometheus']]);
  assert.deepEqual(units, [['api', 'log'], ['api'], ['log'], ['prometheus']]);
});

test('at speed, two seconds of real time are no gap', () => {
  assert.equal(settled({ intervalMs: 1000 }).gapMsMax, 3000);
  assert.equal(settled({ intervalMs: 1000, speed: 12 }).gapMsMax, 24_000);
});
