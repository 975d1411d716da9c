import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RepeatedKeys } from '../../../src/onec/staging/repeated-keys.ts';

const key = (n: number): string => `834a485e-0002-11ef-ad7b-43145ef98e0d#${String(n).padStart(12, '0')}`;

describe('RepeatedKeys', () => {
  it('suspects every key that was there before', () => {
    const keys = new RepeatedKeys();
    for (let n = 0; n < 20_000; n += 1) keys.suspects(key(n));
    for (let n = 0; n < 20_000; n += 1) assert.ok(keys.suspects(key(n)));
  });

  it('suspects few of those that were not, alike as keys of one exchange are', () => {
    const keys = new RepeatedKeys();
    let suspects = 0;
    for (let n = 0; n < 200_000; n += 1) if (keys.suspects(key(n))) suspects += 1;
    assert.ok(suspects < 20, `${suspects} of 200,000`);
  });
});
