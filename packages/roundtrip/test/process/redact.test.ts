import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRedactor } from '../../src/process/redact.ts';

describe('createRedactor', () => {
  const secret = 'p@ss/w"rd+1';
  const redact = createRedactor([secret]);

  it('hides all of a secret, raw, encoded, in JSON and in base64', () => {
    const form = new URLSearchParams({ password: secret }).toString();
    const shown = [
      secret,
      encodeURIComponent(secret),
      form,
      form.toLowerCase(),
      JSON.stringify({ secret }),
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('base64url'),
    ];
    for (const text of shown) {
      const redacted = redact(`before ${text} after`);
      assert.match(redacted, /^before .*\[redacted\].* after$/, text);
      assert.doesNotMatch(redacted, /p@ss|p%40ss|w"rd|w%22rd|rd\+1/i, text);
    }
  });

  it('hides all of the base64 of user:password, whatever the user', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,8}$/), (user) => {
        assert.equal(
          redact(`Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`),
          'Basic [redacted]',
        );
      }),
    );
  });

  it('leaves everything else alone, and does nothing for an empty secret', () => {
    assert.equal(createRedactor(['', 'x9'])('plain text'), 'plain text');
  });
});
