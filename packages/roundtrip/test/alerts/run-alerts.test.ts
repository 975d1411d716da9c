import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Alert } from '../../src/alerts/alert.ts';
import type { AlertChannel } from '../../src/alerts/alert-channel.ts';
import { createRunAlerts } from '../../src/alerts/run-alerts.ts';
import { execute } from '../../src/engine/execute.ts';
import { Ambiguous, Failed } from '../../src/errors.ts';
import { foldJournal } from '../../src/journal/fold.ts';
import type { JournalRecord } from '../../src/journal/record.ts';
import { approve, approveKind } from '../../src/steps/approve.ts';
import { notify, notifyKind } from '../../src/steps/notify.ts';
import { anyStepKind, type StepKinds } from '../../src/steps/step-kind.ts';
import { memoryJournal, started, toyPlan, toyStep } from '../engine/fake-run.ts';
import { refusedUrl } from '../watch/serve.ts';
import { type Answer, httpReceiver } from './receivers.ts';

/** Kinds whose step "b" ends as told. */
function kindsWith(b: () => void): StepKinds {
  const toy = anyStepKind({
    kind: 'toy',
    // A killed step had not happened; one that cannot tell its end cannot be inspected either.
    inspect: async () => (b === AMBIGUOUS ? 'unknown' : 'not-done'),
    do: async ({ step }) => {
      if (step.id === 'b') b();
      return {};
    },
    verify: async () => ({}),
    undo: async () => ({}),
  });
  return new Map([toy, approveKind, notifyKind].map((kind) => [kind.kind, kind]));
}

const WELL = (): void => undefined;
const BROKEN = (): never => {
  throw new Failed({ code: 'toy', seen: 'it broke', expected: 'it to work', next: 'nothing' });
};

const AMBIGUOUS = (): never => {
  throw new Ambiguous({ code: 'toy', seen: 'no answer to COMMIT', expected: 'one', next: 'look' });
};

/** Carries on a run as the engine does: observed, and stopped at the end. */
async function carryOn(run: {
  readonly channels: readonly AlertChannel[];
  readonly records: JournalRecord[];
  readonly b?: () => void;
  readonly gate?: boolean;
}) {
  const plan = {
    ...toyPlan([
      ...(run.gate === true ? [approve({ id: 'meeting', question: 'Everyone there?', owner: 'Team' })] : []),
      notify({ text: 'It begins', level: 'info' }),
      toyStep('a'),
      toyStep('b'),
    ]),
  };
  const target = { ...plan.target, alerts: run.channels };
  const journal = memoryJournal(run.records);
  const said: string[] = [];
  const whole = { ...plan, target };
  const alerts = createRunAlerts({
    plan: whole,
    journal,
    redact: (text) => text,
    say: (line) => void said.push(line),
    wait: async () => undefined,
  });
  const { halt } = await execute({
    plan: whole,
    journal,
    kinds: kindsWith(run.b ?? WELL),
    runDirectory: '/nowhere',
    operator: 'tester',
    signal: new AbortController().signal,
    now: () => new Date(0),
    log: () => undefined,
    onRecord: alerts.onRecord,
  });
  await alerts.stop(halt);
  return { halt, said, state: foldJournal(journal.records) };
}

function begun(): JournalRecord[] {
  const records: JournalRecord[] = [];
  memoryJournal(records).append(started());
  return records;
}

async function pager(context: TestContext, answer: (n: number) => Answer = () => ({ status: 200 })) {
  const { url, received } = await httpReceiver(context, answer);
  const channel: AlertChannel = { kind: 'webhook', name: 'pager', url, timeoutMs: 200 };
  const alerts = () => received.map(({ body }) => JSON.parse(body) as Alert);
  return { channels: [channel], alerts, events: () => alerts().map(({ event }) => event) };
}

test('a failure and the rollback after it are told in order, each with the head of its record', async (context) => {
  const { channels, alerts, events } = await pager(context);
  const records = begun();
  const { halt, state } = await carryOn({ channels, records, b: BROKEN });
  assert.deepEqual(halt, { next: 'none', verdict: 'rolled-back' });
  assert.deepEqual(events(), ['message', 'step-failed', 'rollback-begun', 'rollback-ended']);
  for (const { head, event } of alerts()) {
    const record = records[(head?.n ?? 0) - 1];
    assert.equal(head?.hash, record?.hash, event);
  }
  assert.match(alerts()[1]?.lines.join() ?? '', /toy: it broke/);
  assert.equal(state.alerts.delivered, 4);
  assert.deepEqual(state.alerts.undelivered, []);
});

test('a gate tells who decides, the command, and the head of the journal', async (context) => {
  const { channels, alerts } = await pager(context);
  const records = begun();
  const { halt } = await carryOn({ channels, records, gate: true });
  assert.equal(halt.next, 'ask-approval');
  const [told] = alerts();
  assert.equal(told?.event, 'gate-waits');
  assert.deepEqual(told?.head, { n: 1, hash: records[0]?.hash });
  assert.deepEqual(told?.next, ['roundtrip approve --run run-toy --step meeting']);
  assert.match(told?.lines.join() ?? '', /Team decides/);
});

test('an approver who is absent is reminded by each resume, and nothing goes on without them', async (context) => {
  const { channels, events } = await pager(context);
  const records = begun();
  for (let resume = 0; resume < 3; resume++) {
    const { halt, state } = await carryOn({ channels, records, gate: true });
    assert.equal(halt.next, 'ask-approval');
    assert.deepEqual(state.steps, {}, 'no step was begun');
  }
  assert.deepEqual(events(), ['gate-waits', 'gate-waits', 'gate-waits']);
});

test('what cannot be told is a question to a human, and is told as one', async (context) => {
  const { channels, alerts, events } = await pager(context);
  const { halt } = await carryOn({ channels, records: begun(), b: AMBIGUOUS });
  assert.equal(halt.next, 'ask-human');
  assert.deepEqual(events(), ['message', 'gate-waits']);
  assert.deepEqual([alerts()[1]?.level, alerts()[1]?.next.length], ['critical', 2]);
});

test('Slack down: the run ends as without it, and what nobody heard is in the journal', async () => {
  const channels: AlertChannel[] = [{ kind: 'webhook', name: 'pager', url: await refusedUrl() }];
  const { halt, state, said } = await carryOn({ channels, records: begun() });
  assert.deepEqual(halt, { next: 'none', verdict: 'succeeded' });
  assert.deepEqual(
    state.alerts.undelivered.map(({ event, channel, attempts }) => `${event} ${channel} ${attempts}`),
    ['message pager 5', 'run-ended pager 5'],
  );
  assert.match(said.join('\n'), /ALERT NOT DELIVERED to pager \(message\): .*ECONNREFUSED/);
});

test('Slack silent: no step waits for it', async (context) => {
  const { channels } = await pager(context, () => undefined);
  const order: string[] = [];
  const records = begun();
  const run = carryOn({ channels, records, b: () => void order.push('b') });
  // The last step is done while the first message is still on its way.
  while (order.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(!records.some(({ body }) => body.type === 'alert'));
  const { state } = await run;
  assert.equal(state.verdict, 'succeeded');
  assert.ok(state.alerts.undelivered.length > 0);
});

test('cut at every record, the run that goes on owes what was not delivered, and repeats nothing that was', async (context) => {
  const whole = begun();
  const first = await pager(context);
  await carryOn({ channels: first.channels, records: whole, b: BROKEN });
  const expected = new Set(first.alerts().map(({ id }) => id));
  for (let cut = 1; cut <= whole.length; cut++) {
    const later = await pager(context);
    const records = whole.slice(0, cut);
    const got = new Set(
      records.flatMap(({ body }) => (body.type === 'alert' && body.delivered ? [body.id] : [])),
    );
    const { state } = await carryOn({ channels: later.channels, records, b: BROKEN });
    assert.deepEqual(state.alerts.undelivered, [], `cut at ${cut}`);
    for (const { id } of later.alerts()) {
      assert.ok(!got.has(id), `cut at ${cut}: ${id} came again`);
      got.add(id);
    }
    const ended = foldJournal(records).verdict === 'rolled-back';
    assert.ok(ended, `cut at ${cut}`);
    // Intents that are inspected get other numbers; what stood in the journal keeps its own.
    const kept = whole.slice(0, cut).map(({ n }) => n);
    for (const id of expected) {
      if (kept.includes(Number(id.split('/')[1]))) assert.ok(got.has(id), `cut at ${cut}: ${id} was lost`);
    }
  }
});

test('a receiver that is back gets what it missed, once', async (context) => {
  const records = begun();
  const down: AlertChannel = { kind: 'webhook', name: 'pager', url: await refusedUrl() };
  await carryOn({ channels: [down], records, gate: true });
  memoryJournal(records).append({ type: 'approved', step: 'meeting', operator: 'anna', comment: '' });
  await carryOn({ channels: [down], records, gate: true });
  const back = await pager(context);
  for (let again = 0; again < 2; again++) await carryOn({ channels: back.channels, records, gate: true });
  assert.deepEqual(back.events(), ['message', 'run-ended']);
});

test('a receiver that is away for a while gets what it missed while the run goes on, and the journal one word on it', async (context) => {
  const { channels, events } = await pager(context, (n) => ({ status: n < 12 ? 503 : 200 }));
  const records = begun();
  const plan = { ...toyPlan([notify({ text: 'It begins' })]) };
  const alerts = createRunAlerts({
    plan: { ...plan, target: { ...plan.target, alerts: channels } },
    journal: memoryJournal(records),
    redact: (text) => text,
    say: () => undefined,
    wait: async () => undefined,
    retryMs: 20,
  });
  const record = memoryJournal(records).append({
    type: 'mark',
    step: 'notify',
    act: 'do',
    name: 'message',
    data: { text: 'It begins', level: 'info', channels: [] },
  });
  alerts.onRecord(record, foldJournal(records));
  while (foldJournal(records).alerts.delivered === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await alerts.stop({ next: 'none', verdict: 'succeeded' });
  assert.equal(events().length, 13, 'five attempts, five, and three');
  const kept = records.flatMap(({ body }) => (body.type === 'alert' ? [body.delivered] : []));
  assert.deepEqual(kept, [false, true]);
});
