import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/json.ts';
import { wayBack, wayBackKind } from '../../src/steps/way-back.ts';
import { planOn } from '../checks/check-context.ts';
import { stepContext } from '../services/step-context.ts';

/** Nobody listens there: an undo that looks at a server fails. */
const NOWHERE = { host: '127.0.0.1', port: 1, user: 'nobody', database: 'shop' };

async function undo(done: JsonObject): Promise<JsonObject | undefined> {
  const step = wayBack();
  const backup = { liveOid: '1', returnOid: '2', returnDatabase: 'shop_return_0001', fingerprints: {} };
  const context = stepContext(step, {
    plan: planOn(NOWHERE),
    runId: 'run-0001',
    runDirectory: '/nowhere',
    evidenceOf: () => done,
    evidenceOfKind: () => backup,
  });
  return wayBackKind.undo?.(context, step.args);
}

describe('the undo of the way back', () => {
  it('exchanges nothing where the step did not come to its end: nothing was changed after it', async () => {
    assert.deepEqual(await undo({}), { switched: false });
  });

  it('goes to the return database where it did', async () => {
    await assert.rejects(undo({ tablesCompared: 0 }), { code: 'connection-failed' });
  });
});
