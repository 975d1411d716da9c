import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { errorOfAct } from '../../src/engine/error-of-act.ts';
import { Failed } from '../../src/errors.ts';

const step = { id: 'watch', timeoutMs: 1000 };
const never = new AbortController().signal;
const interruption = AbortSignal.abort('SIGINT from the operator');

test('what an interruption makes a timer or a signal raise is told as an interruption', async () => {
  const ofTimer: unknown = await delay(1000, undefined, { signal: interruption }).catch(
    (error: unknown) => error,
  );
  for (const thrown of [interruption.reason, ofTimer]) {
    const { code, outcome, seen } = errorOfAct(thrown, { step, deadline: never, interruption });
    assert.deepEqual(
      [code, outcome, seen],
      ['step-interrupted', 'failed', 'step "watch" was interrupted: SIGINT from the operator'],
    );
  }
});

test('an error of its own stays what it is, interrupted or not, and a deadline is a deadline', () => {
  const own = new Failed({ code: 'http-aborted', seen: 'a', expected: 'b', next: 'c' });
  assert.equal(errorOfAct(own, { step, deadline: never, interruption }), own);
  const bug = new TypeError('x is undefined');
  assert.equal(errorOfAct(bug, { step, deadline: never, interruption }).code, 'unexpected-error');
  const deadline = AbortSignal.abort();
  assert.equal(errorOfAct(deadline.reason, { step, deadline, interruption: never }).code, 'step-timed-out');
});
