import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { testCluster } from 'pg-cluster/testing';
import { followStore } from '../../src/cli/follow-store.ts';
import { viewRun } from '../../src/engine/run-view.ts';
import { listRuns } from '../../src/journal/run-directory.ts';
import { postgresPlace, removeMachines } from '../control/postgres-place.ts';
import { anna, holding, PLAN, RUN, STARTED } from '../control/store-contract.ts';

after(removeMachines);

async function until(isSo: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await delay(10)) if (isSo()) return;
  throw new Error('it did not come to that within two minutes');
}

it('shows on one machine what an operator on another does, and who that is', async () => {
  const cluster = await testCluster();
  try {
    const { machine } = postgresPlace(await cluster.createDatabase({ prefix: 'control' }));
    const watching = await machine();
    const said: string[] = [];
    const followed = followStore(watching, (line) => said.push(line));
    try {
      await holding(await machine(), anna, async (held) => {
        const journal = await held.begin(RUN, PLAN);
        await journal.append(STARTED);
        await until(() => followed.operating()?.operator === 'anna@ops-1');
        await until(() => listRuns(watching.state).includes(RUN));
        await until(() => viewRun(watching.state, RUN).records.length === 1);
      });
      await until(() => followed.operating() === undefined);
    } finally {
      await followed.stop();
    }
    assert.deepEqual(said, []);
  } finally {
    await cluster.release();
  }
});
