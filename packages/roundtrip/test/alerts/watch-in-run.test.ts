import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Alert } from '../../src/alerts/alert.ts';
import { createRunAlerts } from '../../src/alerts/run-alerts.ts';
import { execute } from '../../src/engine/execute.ts';
import { foldJournal } from '../../src/journal/fold.ts';
import type { JournalRecord } from '../../src/journal/record.ts';
import { baseline, baselineKind } from '../../src/steps/baseline.ts';
import { anyStepKind, type StepKinds } from '../../src/steps/step-kind.ts';
import { watch, watchKind } from '../../src/steps/watch.ts';
import { storyMatrix } from '../../src/watch/matrix.ts';
import type { WatchPlan } from '../../src/watch/watch-plan.ts';
import { memoryJournal, started, toyPlan, toyStep } from '../engine/fake-run.ts';
import { serve } from '../watch/serve.ts';
import { HOUR_MS } from '../watch/simulate.ts';
import { httpReceiver } from './receivers.ts';

/** A shop that is well until its release is switched, and then answers as told. */
async function stage(context: TestContext, options: { after: number; onYes?: 'roll-back' }) {
  let released = false;
  let requests = 0;
  const shop = await serve(context, (_request, response) => {
    const broken = released && requests++ % options.after === 0;
    response.writeHead(broken ? 500 : 200).end();
  });
  const release = anyStepKind({
    kind: 'toy',
    inspect: async () => (released ? 'done' : 'not-done'),
    do: async () => {
      released = true;
      return {};
    },
    verify: async () => ({}),
    undo: async () => {
      released = false;
      return {};
    },
  });
  const kinds: StepKinds = new Map([release, baselineKind, watchKind].map((kind) => [kind.kind, kind]));
  const pager = await httpReceiver(context, () => ({ status: 200 }));
  const runDirectory = mkdtempSync(path.join(tmpdir(), 'watch-in-run-'));
  context.after(() => rmSync(runDirectory, { recursive: true }));
  const watched: WatchPlan = {
    durationMs: 2 * HOUR_MS,
    intervalMs: 300,
    speed: 30,
    sources: [{ kind: 'http', name: 'api', urls: [shop.url], count: 40 }],
    goals: [{ metric: 'errorRate', max: 0.01 }],
    onYes: options.onYes,
  };
  const toy = toyPlan([
    baseline({ plan: watched, lasts: '10min' }),
    toyStep('release'),
    watch({ plan: watched, timeout: '7d' }),
  ]);
  const alerts = [{ kind: 'webhook', name: 'pager', url: pager.url }] as const;
  const plan = { ...toy, matrix: storyMatrix(), target: { ...toy.target, alerts } };
  // Each look at the clock is a second later, half a minute of the watch: two hours take 240 samples.
  let nowMs = Date.UTC(2026, 10, 23, 2);
  const now = () => {
    nowMs += 1_000;
    return new Date(nowMs);
  };
  const records: JournalRecord[] = [];
  memoryJournal(records).append(started());
  const carryOn = async () => {
    const journal = memoryJournal(records);
    const following = createRunAlerts({ plan, journal, redact: (text) => text, say: () => undefined });
    const { signal } = new AbortController();
    const log = () => undefined;
    const onRecord = following.onRecord;
    const { halt } = await execute({
      plan,
      journal,
      kinds,
      runDirectory,
      operator: 'anna',
      signal,
      now,
      log,
      onRecord,
    });
    await following.stop(halt);
    return { halt, state: foldJournal(records) };
  };
  const told = () => pager.received.map(({ body }) => JSON.parse(body) as Alert);
  return {
    carryOn,
    records,
    told,
    events: () => told().map(({ event }) => event),
    isReleased: () => released,
  };
}

test('20 % of errors after the switch, where the runbook says so: YES rolls back by itself, and each step of it is told', async (context) => {
  const { carryOn, events, told, isReleased } = await stage(context, { after: 5, onYes: 'roll-back' });
  const { halt } = await carryOn();
  assert.deepEqual(halt, { next: 'none', verdict: 'rolled-back' });
  assert.equal(isReleased(), false);
  assert.deepEqual(events().slice(-4), ['watch-ended', 'step-failed', 'rollback-begun', 'rollback-ended']);
  assert.ok(events().includes('alarm'), events().join());
  assert.match(
    told()
      .find(({ event }) => event === 'watch-ended')
      ?.lines.join() ?? '',
    /^FAIL after \d+ requests/,
  );
});

test('the same where it says nothing: the run waits, the owner is asked, and only an answer goes on', async (context) => {
  const { carryOn, events, told, isReleased, records } = await stage(context, { after: 5 });
  const first = await carryOn();
  assert.equal(first.halt.next, 'ask-human');
  assert.equal(isReleased(), true, 'nothing went back by itself');
  assert.deepEqual(events().slice(-2), ['watch-ended', 'gate-waits']);
  const gate = told().at(-1);
  assert.match(gate?.lines.join() ?? '', /the watch ended fail: error rate > 5 %/);
  assert.equal(gate?.head?.hash, records.findLast(({ n }) => n === gate?.head?.n)?.hash);
  // The owner sleeps; whoever resumes is told again, and nothing is decided.
  const again = await carryOn();
  assert.equal(again.halt.next, 'ask-human');
  assert.equal(isReleased(), true);
  assert.equal(events().filter((event) => event === 'watch-ended').length, 1);
});

test('a good watch: it ends with a pass, and nobody is woken', async (context) => {
  const { carryOn, events, told } = await stage(context, { after: Number.MAX_SAFE_INTEGER });
  const { halt, state } = await carryOn();
  // The very first request after the release is number 0, and fails: one of thousands.
  assert.deepEqual(halt, { next: 'none', verdict: 'succeeded' });
  assert.deepEqual(events().slice(-2), ['watch-ended', 'run-ended']);
  assert.ok(
    told().every(({ level }) => level !== 'critical'),
    events().join(),
  );
  assert.equal(state.steps.baseline?.do.evidence.errors, 0);
});
