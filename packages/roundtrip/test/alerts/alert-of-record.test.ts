import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertOfHalt } from '../../src/alerts/alert-of-halt.ts';
import { alertOfRecord } from '../../src/alerts/alert-of-record.ts';
import { foldJournal } from '../../src/journal/fold.ts';
import type { JournalBody } from '../../src/journal/record.ts';
import { memoryJournal, started, toyPlan, toyStep } from '../engine/fake-run.ts';

const plan = toyPlan([toyStep('a'), toyStep('watch', 'none')]);

/** What is told of the last of these records. */
function told(...bodies: readonly JournalBody[]) {
  const journal = memoryJournal();
  for (const body of bodies) journal.append(body);
  const record = journal.records.at(-1);
  assert.ok(record !== undefined);
  const alert = alertOfRecord({ plan, record, state: foldJournal(journal.records) });
  return alert === undefined ? undefined : `${alert.level} ${alert.event}`;
}

const error = { outcome: 'failed', code: 'toy', seen: 'it broke', expected: 'not', next: 'look' } as const;
const failed = (changes: object): JournalBody => ({
  type: 'outcome',
  step: 'a',
  act: 'do',
  ok: false,
  durationMs: 1,
  error,
  ...changes,
});
const watched = (event: string, level: string): JournalBody => ({
  type: 'mark',
  step: 'watch',
  act: 'do',
  name: 'watch-event',
  data: { event, level, text: 'why', atMs: 60_000, told: { notes: 1, standing: 'open' } },
});
const back: JournalBody = { type: 'rollback-started', reason: 'why', automatic: true, operator: 'anna' };
const end = (verdict: 'succeeded' | 'rolled-back' | 'failed-unchanged'): JournalBody => ({
  type: 'run-finished',
  verdict,
});

const CASES: readonly (readonly [string, readonly JournalBody[], string | undefined])[] = [
  ['a failure', [started(), failed({})], 'critical step-failed'],
  ['a failure of a rehearsal wakes nobody', [started('rehearsal'), failed({})], 'warning step-failed'],
  ['an interruption is told when the run stops', [started(), failed({ interrupted: true })], undefined],
  [
    'an ambiguous end is told as a question',
    [started(), failed({ error: { ...error, outcome: 'ambiguous' } })],
    undefined,
  ],
  ['a rollback', [started(), back], 'critical rollback-begun'],
  ['its end', [started(), back, end('rolled-back')], 'warning rollback-ended'],
  ['a success', [started(), end('succeeded')], 'info run-ended'],
  ['nothing changed', [started(), end('failed-unchanged')], 'warning run-ended'],
  ['MAYBE begins', [started(), watched('timer-started', 'page')], 'warning timer-started'],
  ['MAYBE is due', [started(), watched('timer-expired', 'decide')], 'critical timer-expired'],
  ['the verdict', [started(), watched('verdict-changed', 'investigate')], 'warning verdict-changed'],
  ['the end of the watch', [started(), watched('watch-ended', 'info')], 'info watch-ended'],
  ['an intent', [started(), { type: 'intent', step: 'a', act: 'do', attempt: 1 }], undefined],
  [
    'an alert is not told of',
    [
      started(),
      { type: 'alert', id: '1', event: 'x', channel: 'c', delivered: false, attempts: 1, seen: '' },
    ],
    undefined,
  ],
];

for (const [what, bodies, expected] of CASES) {
  test(`${what}: ${expected ?? 'nothing'}`, () => assert.equal(told(...bodies), expected));
}

test('a stuck rollback and an interruption name the command that goes on', () => {
  const journal = memoryJournal();
  for (const body of [started(), back, failed({ act: 'undo' })]) journal.append(body);
  const state = foldJournal(journal.records);
  const step = toyStep('a');
  const stuck = alertOfHalt({ plan, state, halt: { next: 'stuck', step, act: 'undo' } });
  assert.deepEqual(
    [stuck?.event, stuck?.level, stuck?.lines, stuck?.next],
    ['rollback-stuck', 'critical', ['it broke'], ['roundtrip resume --run run-toy']],
  );
  const lost = alertOfHalt({ plan, state, halt: { next: 'interrupted', reason: 'the lock was lost' } });
  assert.deepEqual([lost?.event, lost?.lines], ['run-interrupted', ['the lock was lost']]);
  assert.equal(alertOfHalt({ plan, state, halt: { next: 'none', verdict: 'succeeded' } }), undefined);
});
