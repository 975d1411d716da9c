import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeCondition, storyMatrix } from '../../src/watch/matrix.ts';

test("the story's six rows, with its answers", () => {
  assert.deepEqual(
    storyMatrix().map(({ condition, severity, rollback }) => [
      describeCondition(condition),
      severity,
      rollback,
    ]),
    [
      ['step "migrate" failed', 'critical', 'yes'],
      ['step "import" failed', 'critical', 'yes'],
      ['p95 response time > 1000 ms', 'high', 'maybe'],
      ['error rate > 5 %', 'critical', 'yes'],
      ['error rate 1 % to 5 %', 'high', 'maybe'],
      ['missingColours > 0', 'low', 'no'],
    ],
  );
});

test('the matrix is plain data: it survives the way into the plan', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(storyMatrix())), storyMatrix());
});

test('whoever must decide is named in every row', () => {
  for (const { owner, action } of storyMatrix()) assert.ok(owner !== '' && action !== '');
});
