import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { operationOf, processEnvironment } from '../../src/cli/environment.ts';
import { openStore } from '../../src/cli/open-store.ts';

it('keeps the secrets of the operator’s own environment out of what leaves the process', async () => {
  const state = mkdtempSync(path.join(tmpdir(), 'environment-'));
  try {
    const environment = {
      ...processEnvironment(new AbortController().signal),
      variables: { AWS_SECRET_ACCESS_KEY: 'canary/of+aws' },
    };
    const { redact } = operationOf(environment, await openStore(environment, { state }), undefined);
    assert.equal(redact('signed with canary/of+aws'), 'signed with [redacted]');
    assert.equal(redact('key=canary%2Fof%2Baws'), 'key=[redacted]');
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
});
