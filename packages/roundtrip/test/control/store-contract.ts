import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, describe, it } from 'node:test';
import type { ControlStore, HeldStore } from '../../src/control/control-store.ts';
import { viewRun } from '../../src/engine/run-view.ts';
import { makeReceipt, readReceipts } from '../../src/journal/receipt.ts';
import type { JournalBody } from '../../src/journal/record.ts';
import { listRuns } from '../../src/journal/run-directory.ts';
import { planHash } from '../../src/runbook/plan.ts';
import { started, toyPlan, toyStep } from '../engine/fake-run.ts';

/** One kind of store, as its contract needs it. */
export interface StorePlace {
  /** The store as another machine, or another process on this one, sees it; each call is one more. */
  machine(): Promise<ControlStore>;
  /** Arguments of `hold-child.ts` for one more machine. */
  childArguments(): readonly string[];
  /** Changes a kept record behind the store's back, as somebody who tampers would. */
  edit(runId: string, n: number, change: { readonly from: string; readonly to: string }): Promise<void>;
  /** Leaves what a crash in the middle of an append leaves: a record that was never acknowledged. */
  tear(runId: string): Promise<void>;
}

export const PLAN = toyPlan([toyStep('a')]);
export const RUN = '2026-11-24T02-00-00-live-0001';
export const STARTED: JournalBody = {
  ...(started() as Extract<JournalBody, { type: 'run-started' }>),
  runId: RUN,
  planHash: planHash(PLAN),
};
export const intent = (attempt: number): JournalBody => ({ type: 'intent', step: 'a', act: 'do', attempt });
export const INTENT = intent(1);

export const anna = { operator: 'anna@ops-1', verb: 'run', now: () => new Date() };
export const boris = { operator: 'boris@ops-2', verb: 'resume', now: () => new Date() };

/** Holds the store for the length of `work`. */
export async function holding<T>(
  store: ControlStore,
  who: Parameters<ControlStore['hold']>[0],
  work: (held: HeldStore) => Promise<T>,
): Promise<T> {
  const held = await store.hold(who);
  try {
    return await work(held);
  } finally {
    await held.release();
  }
}

/** Begins a run with two records. */
export async function beginRun(store: ControlStore): Promise<void> {
  await holding(store, anna, async (held) => {
    const journal = await held.begin(RUN, PLAN);
    await journal.append(STARTED);
    await journal.append(INTENT);
    await journal.close();
  });
}

/** What every store of runs must do, whatever it is made of. `place` gives a fresh one. */
export function storeContract(name: string, place: () => Promise<StorePlace>): void {
  let child: ChildProcess | undefined;
  afterEach(() => {
    child?.kill('SIGKILL');
    child = undefined;
  });

  describe(`the store of runs in ${name}`, () => {
    it('gives back on any machine what was appended on one: plan, records, chain', async () => {
      const { machine } = await place();
      await beginRun(await machine());
      const other = await machine();
      await other.refresh();
      assert.deepEqual(listRuns(other.state), [RUN]);
      const view = viewRun(other.state, RUN);
      assert.deepEqual(view.plan, JSON.parse(JSON.stringify(PLAN)));
      assert.deepEqual(
        view.records.map(({ body }) => body.type),
        ['run-started', 'intent'],
      );
      await holding(other, boris, async (held) => {
        const journal = await held.open(RUN);
        assert.deepEqual(journal.records, view.records);
        const next = await journal.append({ type: 'run-finished', verdict: 'succeeded' });
        assert.equal(next.prev, view.records.at(-1)?.hash);
        await journal.close();
      });
      const third = await machine();
      await third.refresh();
      assert.equal(viewRun(third.state, RUN).state.verdict, 'succeeded');
    });

    it('keeps records in the order of their appends, whoever waits for them', async () => {
      const { machine } = await place();
      const store = await machine();
      await holding(store, anna, async (held) => {
        const journal = await held.begin(RUN, PLAN);
        const bodies = [STARTED, ...Array.from({ length: 20 }, (_, n) => intent(n))];
        await Promise.all(bodies.map((body) => journal.append(body)));
        await journal.close();
      });
      await store.refresh();
      const { records } = viewRun(store.state, RUN);
      assert.deepEqual(
        records.slice(1).map(({ body }) => (body.type === 'intent' ? body.attempt : undefined)),
        Array.from({ length: 20 }, (_, n) => n),
      );
    });

    it('refuses a run that it does not have', async () => {
      const { machine } = await place();
      await holding(await machine(), anna, async (held) => {
        await assert.rejects(async () => held.open('2026-01-01T00-00-00-live-none'), {
          code: 'journal-missing',
        });
      });
    });

    it('refuses a record that was edited, to who acts and to who looks', async () => {
      const { machine, edit } = await place();
      await beginRun(await machine());
      await edit(RUN, 2, { from: '"attempt":1', to: '"attempt":2' });
      const other = await machine();
      const edited = { code: 'journal-edited', fields: { line: 2 } };
      await assert.rejects(async () => {
        await other.refresh();
        viewRun(other.state, RUN);
      }, edited);
      const third = await machine();
      await assert.rejects(
        holding(third, boris, (held) => held.open(RUN)),
        edited,
      );
      assert.equal(await third.holder(), undefined);
    });

    it('goes on after the last record that was acknowledged, where a crash cut the next one', async () => {
      const { machine, tear } = await place();
      await beginRun(await machine());
      await tear(RUN);
      const other = await machine();
      await holding(other, boris, async (held) => {
        const journal = await held.open(RUN);
        assert.equal(journal.records.length, 2);
        await journal.append({ type: 'run-finished', verdict: 'succeeded' });
        await journal.close();
      });
      await other.refresh();
      assert.equal(viewRun(other.state, RUN).records.length, 3);
    });

    it('keeps receipts for every machine', async () => {
      const { machine } = await place();
      await beginRun(await machine());
      const store = await machine();
      await store.refresh();
      const receipt = makeReceipt(PLAN, viewRun(store.state, RUN).state);
      await holding(store, anna, (held) => held.keepReceipt(receipt));
      const other = await machine();
      await other.refresh();
      assert.deepEqual(readReceipts(other.state), { receipts: [receipt], spoiled: [] });
    });

    it('has one operator: the second is refused and told who the first is, until they let go', async () => {
      const { machine } = await place();
      const [first, second] = [await machine(), await machine()];
      assert.equal(await second.holder(), undefined);
      await holding(first, anna, async ({ lost }) => {
        await assert.rejects(second.hold(boris), { code: 'locked', message: /anna@ops-1.*run, since/ });
        const found = await second.holder();
        assert.equal(found?.holder.operator, 'anna@ops-1');
        assert.equal(found?.isAlive, true);
        assert.equal(lost.aborted, false);
      });
      assert.equal(await second.holder(), undefined);
      await holding(second, boris, async () => undefined);
    });

    it('is taken over from an operator who died', async () => {
      const { machine, childArguments } = await place();
      child = spawn(
        process.execPath,
        [path.join(import.meta.dirname, 'hold-child.ts'), ...childArguments()],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      await once(child.stdout ?? child, 'data');
      const store = await machine();
      const found = await store.holder();
      assert.deepEqual([found?.holder.pid, found?.isAlive], [child.pid, true]);
      await assert.rejects(store.hold(boris), { code: 'locked' });
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      await holding(store, boris, async () => {
        assert.equal((await store.holder())?.holder.operator, 'boris@ops-2');
      });
    });

    it('is taken from its holder by a human', async () => {
      const { machine } = await place();
      const [first, second] = [await machine(), await machine()];
      const held = await first.hold(anna);
      await second.breakLock();
      await holding(second, boris, async () => undefined);
      await held.release();
      assert.equal(await second.holder(), undefined);
    });
  });
}
