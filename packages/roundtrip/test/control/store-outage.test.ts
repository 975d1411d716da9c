import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type TestCluster, testCluster } from 'pg-cluster/testing';
import type { HeldStore } from '../../src/control/control-store.ts';
import type { JournalStore } from '../../src/journal/journal-file.ts';
import { withClient } from '../../src/postgres/connection.ts';
import { type CutProxy, startCutProxy } from '../faults/cut-proxy.ts';
import { type PostgresPlace, postgresPlace, removeMachines } from './postgres-place.ts';
import { anna, boris, holding, INTENT, intent, PLAN, RUN, STARTED } from './store-contract.ts';

let cluster: TestCluster;
let proxy: CutProxy;
let place: PostgresPlace;
before(async () => {
  cluster = await testCluster();
  proxy = await startCutProxy(cluster.address().port);
});
after(async () => {
  await proxy.close();
  removeMachines();
  await cluster.release();
});
beforeEach(async () => {
  proxy.mend();
  const admin = await cluster.createDatabase({ prefix: 'control' });
  place = postgresPlace({ ...admin, port: proxy.port }, admin);
});

async function begin(
  patienceMs?: number,
): Promise<{ held: HeldStore; journal: JournalStore; said: string[] }> {
  const said: string[] = [];
  const store = await place.machine(patienceMs === undefined ? {} : { patienceMs });
  const held = await store.hold({ ...anna, say: (line) => said.push(line) });
  const journal = await held.begin(RUN, PLAN);
  await journal.append(STARTED);
  return { held, journal, said };
}

/** Looks again until it is so; two minutes are more than any machine takes. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await delay(10))
    if (await isSo()) return;
  throw new Error('it did not come to that within two minutes');
}

const COUNT = 'SELECT n FROM roundtrip_control.records ORDER BY n';
const kept = async (): Promise<number> => (await place.sql(COUNT)).length;

describe('a control store that goes away', () => {
  it('for a moment: the append waits for it, and the run goes on', async () => {
    const { held, journal } = await begin();
    proxy.sever();
    const appended = journal.append(INTENT);
    // Refused at least once before it comes back.
    await delay(100);
    proxy.mend();
    await appended;
    assert.equal(await kept(), 2);
    assert.equal(held.lost.aborted, false);
    await held.release();
  });

  it('for longer than a run waits: nothing is appended any more, and the run is told to stop', async () => {
    const { held, journal, said } = await begin(500);
    proxy.sever();
    const unreachable = { code: 'control-store-unreachable', outcome: 'failed', message: /127\.0\.0\.1:\d+/ };
    await assert.rejects(async () => journal.append(INTENT), unreachable);
    assert.equal((held.lost.reason as { code: string }).code, 'control-store-unreachable');
    assert.match(said.join('\n'), /is lost: asking for 0\.5 s/);
    proxy.mend();
    // What the store has by now is not known here: only whoever reads it again may append.
    await assert.rejects(async () => journal.append(INTENT), unreachable);
    assert.equal(await kept(), 1);
    await held.release();
    await holding(await place.machine(), boris, async (again) => {
      const reopened = await again.open(RUN);
      await reopened.append(INTENT);
      assert.equal(reopened.records.length, 2);
    });
  });

  it('while nothing is appended: the run is told to stop all the same', async () => {
    const { held } = await begin(500);
    const lost = new Promise((resolve) => held.lost.addEventListener('abort', resolve));
    proxy.sever();
    await lost;
    assert.equal((held.lost.reason as { code: string }).code, 'control-store-unreachable');
    await held.release();
  });

  it('without a word, while nothing is appended: it is asked for a sign of life', async () => {
    const { held, said } = await begin(3_000);
    const lost = new Promise((resolve) => held.lost.addEventListener('abort', resolve));
    proxy.mute();
    await until(async () => said.length > 0);
    proxy.sever();
    await lost;
    await held.release();
  });

  it('before anything is begun: who wants to act is refused at once', async () => {
    const store = await place.machine();
    proxy.sever();
    await assert.rejects(store.hold(anna), { code: 'control-store-unreachable' });
    proxy.mend();
    await holding(store, anna, async () => undefined);
  });

  it('after a COMMIT whose answer is lost: the record is found, and not written twice', async () => {
    const { held, journal } = await begin();
    proxy.mute();
    const appended = journal.append(INTENT);
    await until(async () => (await kept()) === 2);
    proxy.cut();
    await appended;
    await journal.append(intent(2));
    assert.equal(await kept(), 3);
    await held.release();
  });

  it('before a COMMIT: the session that was left behind is ended, and the record written once', async () => {
    const { held, journal } = await begin();
    await withClient(place.admin, { applicationName: 'store test' }, async (blocker) => {
      await blocker.query('BEGIN; LOCK TABLE roundtrip_control.records IN SHARE MODE');
      const waiting = `SELECT pid FROM pg_stat_activity WHERE datname = '${place.admin.database}' AND wait_event_type = 'Lock'`;
      const appended = journal.append(INTENT);
      let first: unknown[] = [];
      await until(async () => {
        first = await place.sql(waiting);
        return first.length === 1;
      });
      proxy.cut();
      // The next session stands where the first one stood.
      await until(async () => {
        const now = await place.sql(waiting);
        return now.length === 1 && !isDeepStrictEqual(now, first);
      });
      await blocker.query('COMMIT');
      await appended;
    });
    assert.equal(await kept(), 2);
    await held.release();
  });
});
