import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bringService, type ServiceControl } from '../../src/services/bring-service.ts';

it('the wait for a service has one deadline: each look gets only what the ones before it left', async () => {
  const given: number[] = [];
  const control: ServiceControl = {
    name: 'slow',
    timeoutMs: 60_000,
    async look({ timeoutMs }) {
      given.push(timeoutMs);
      return { state: given.length < 4 ? 'unknown' : 'running' };
    },
    command: async () => undefined,
  };
  await bringService(control, 'running');
  const [before, ...within] = given;
  assert.equal(before, 60_000);
  assert.equal(within.length, 3);
  // Looks are a tenth of a second apart.
  assert.ok(
    within.every((each, i) => each < (i === 0 ? 60_001 : (within[i - 1] ?? 0))),
    String(within),
  );
});
