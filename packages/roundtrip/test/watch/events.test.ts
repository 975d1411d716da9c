import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runWatch, type WatchSample } from '../../src/watch/run-watch.ts';
import { endedEvent, type WatchEvent } from '../../src/watch/watch-event.ts';
import { HOUR_MS } from './simulate.ts';
import { simulatedRun, source } from './simulated-run.ts';

const short = (events: readonly WatchEvent[]) =>
  events.map(({ event, text }) => (event === 'verdict-changed' ? `${event} ${text.split(':')[0]}` : event));

/** 3 % of a busy shop, from one minute to another: the matrix's MAYBE with its timer of six hours. */
const maybe = (from: number, to: number) =>
  source((minute) => ({ requests: 300, errors: minute >= from && minute < to ? 9 : 0 }));

test('MAYBE: the timer is told when it starts and when its time is up, and the owner with it', async () => {
  const { run, events } = simulatedRun({
    changes: { durationMs: 12 * HOUR_MS },
    sources: [maybe(120, 10_000)],
  });
  const result = await runWatch(run);
  assert.deepEqual([result.verdict, result.rollback, result.decides], ['fail', 'maybe', 'Backend']);
  const timers = events.filter(({ event }) => event.startsWith('timer-'));
  assert.deepEqual(short(timers), ['timer-started', 'timer-expired']);
  assert.match(timers[0]?.text ?? '', /Backend decides in 6h/);
  assert.match(timers[1]?.text ?? '', /The time is up: Backend decides now/);
  assert.ok((timers[1]?.atMs ?? 0) - (timers[0]?.atMs ?? 0) >= 6 * HOUR_MS);
  assert.equal(endedEvent(result).level, 'decide');
});

test('MAYBE that passes stops its timer, and nobody has to decide', async () => {
  const { run, events } = simulatedRun({
    changes: { durationMs: 12 * HOUR_MS },
    sources: [maybe(120, 150)],
  });
  const result = await runWatch(run);
  assert.equal(result.verdict, 'pass', result.reason);
  assert.deepEqual(short(events.filter(({ event }) => event.startsWith('timer-'))), [
    'timer-started',
    'timer-stopped',
  ]);
});

test('a row that holds is a doubt at once, and one that is over none any more', async () => {
  const { run, events } = simulatedRun({
    changes: { durationMs: 12 * HOUR_MS },
    sources: [maybe(120, 150)],
  });
  await runWatch(run);
  assert.deepEqual(short(events.filter(({ event }) => event === 'verdict-changed')), [
    'verdict-changed open → held',
    'verdict-changed held → open',
    'verdict-changed open → held',
  ]);
});

test('killed after any sample, told or not, each event is told once', async () => {
  const watch = () => simulatedRun({ changes: { durationMs: 3 * HOUR_MS }, sources: [maybe(40, 60)] });
  const whole = watch();
  await runWatch(whole.run);
  const expected = short(whole.events).filter((event) => !event.startsWith('verdict'));
  assert.ok(expected.length > 1, expected.join());
  for (let cut = 1; cut < whole.samples.length; cut += 7) {
    const previousSamples: WatchSample[] = whole.samples.slice(0, cut);
    // What had been told when the sample was on disk and its events were not yet.
    const before = whole.samples[cut - 2]?.atMs ?? -1;
    const told = whole.events.filter(({ atMs }) => atMs <= before);
    const rest = simulatedRun({
      changes: { durationMs: 3 * HOUR_MS },
      sources: [
        source((minute) => ({ requests: 300, errors: minute + cut >= 40 && minute + cut < 60 ? 9 : 0 })),
      ],
    });
    rest.shift(Date.parse(previousSamples.at(-1)?.at ?? '') - Date.UTC(2025, 10, 30) + 60_000);
    await runWatch({ ...rest.run, previousSamples, told: told.at(-1)?.told });
    const all = short([...told, ...rest.events]).filter((event) => !event.startsWith('verdict'));
    assert.deepEqual(all, expected, `cut at ${cut}`);
  }
});

test('a source that comes and goes all night does not silence the timer after it', async () => {
  const { run, events } = simulatedRun({
    changes: { durationMs: 12 * HOUR_MS, extensionMsMax: 48 * HOUR_MS },
    sources: [
      {
        name: 'api',
        read: (() => {
          let n = 0;
          return async () => {
            n += 1;
            if (n < 2_200 && n % 2 === 0) return { source: 'api', missing: `answer ${n}` };
            return { source: 'api', requests: 100, errors: n > 2_300 ? 3 : 0 };
          };
        })(),
      },
    ],
  });
  // Half of the time is lost, so that the watch lasts twice as long.
  const result = await runWatch({ ...run, plan: { ...run.plan, durationMs: 30 * HOUR_MS } });
  assert.ok(result.notes.length > 1_000, String(result.notes.length));
  assert.deepEqual(short(events.filter(({ event }) => event.startsWith('timer-'))).slice(0, 2), [
    'timer-started',
    'timer-expired',
  ]);
});

test('an alarm that comes and goes is told once in ten minutes', async () => {
  const { run, events, notes } = simulatedRun({
    changes: { durationMs: 4 * HOUR_MS },
    sources: [source((minute) => ({ requests: 300, errors: minute > 60 && minute % 7 < 3 ? 45 : 0 }))],
  });
  await runWatch({ ...run, matrix: [] });
  const raised = notes.filter((note) => /page: medium window: errors/.test(note)).length;
  const told = events.flatMap(({ event, atMs, text }) =>
    event === 'alarm' && /^medium/.test(text) ? [atMs] : [],
  );
  assert.ok(told.length > 1 && told.length < raised, `${told.length} of ${raised}`);
  for (const [i, atMs] of told.entries()) assert.ok(i === 0 || atMs - (told[i - 1] ?? 0) >= 600_000);
});
