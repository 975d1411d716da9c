import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRedactor } from '../../src/process/redact.ts';

describe('createRedactor', () => {
  const secret = 'p@ss/w"rd+1';
  const redact = createRedactor([secret]);

  it('hides a secret raw, URL-encoded, in JSON and in base64', () => {
    const forms = [
      secret,
      encodeURIComponent(secret),
      JSON.stringify({ secret }),
      Buffer.from(secret).toString('base64'),
    ];
    for (const form of forms) assert.ok(redact(`before ${form} after`).includes('[redacted]'), form);
  });

  it('hides it inside the base64 of user:password, whatever the user', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,8}$/), (user) => {
        assert.ok(
          redact(`Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`).includes('[redacted]'),
        );
      }),
    );
  });

  it('leaves everything else alone, and does nothing for an empty secret', () => {
    assert.equal(createRedactor(['', 'x9'])('plain text'), 'plain text');
  });
});
