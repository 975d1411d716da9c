import assert from 'node:assert/strict';
import { it } from 'node:test';
import { productionState } from '../../src/cli/production-state.ts';
import { foldJournal } from '../../src/journal/fold.ts';
import { type RecordedRun, recordedRun, recordSwitchAndBack } from '../dashboard/recorded-run.ts';

const stateOf = (run: RecordedRun): string => productionState(foldJournal(run.journal.records));

it('says at every moment of the exchange of names which database clients reach', () => {
  const run = recordedRun({ kind: 'live', strategy: 'side-by-side' });
  recordSwitchAndBack(run, 'copied');
  const mark = (act: 'do' | 'undo', name: string): void =>
    run.write(0, { type: 'mark', step: 'switch-over', act, name, data: {} });
  const outcome = (act: 'do' | 'verify' | 'undo', ok: boolean): void =>
    run.write(1, {
      type: 'outcome',
      step: 'switch-over',
      act,
      durationMs: 1,
      ...(ok
        ? { ok, evidence: {} }
        : { ok, error: { outcome: 'failed', code: 'x', seen: 's', expected: 'e', next: 'n' } }),
    });

  assert.match(stateOf(run), /half-way forward, last step begun: migrate$/);
  run.write(0, { type: 'intent', step: 'switch-over', act: 'do', attempt: 1 });
  assert.match(stateOf(run), /last step begun: switch-over$/);
  mark('do', 'fencing');
  assert.match(stateOf(run), /THE DATABASE MAY BE CLOSED TO CLIENTS: resume now$/);
  mark('do', 'retired');
  assert.match(stateOf(run), /THE LIVE NAME MAY BELONG TO NO DATABASE: resume now$/);
  mark('do', 'renamed');
  // Named, and perhaps not open yet.
  assert.match(stateOf(run), /MAY BE CLOSED TO CLIENTS/);
  outcome('do', true);
  outcome('verify', true);
  assert.match(stateOf(run), /half-way forward.*; clients reach the migrated database$/);

  run.write(0, { type: 'rollback-started', reason: 'r', automatic: false, operator: 'o' });
  run.write(0, { type: 'intent', step: 'switch-over', act: 'undo', attempt: 1 });
  outcome('undo', false);
  assert.match(stateOf(run), /half-way back; clients reach the migrated database$/);
  run.write(0, { type: 'intent', step: 'switch-over', act: 'undo', attempt: 2 });
  for (const name of ['fencing', 'retired', 'renamed']) mark('undo', name);
  outcome('undo', true);
  assert.match(stateOf(run), /half-way back; clients reach the previous database again$/);
});

it('says that a fence may still be closed until somebody has opened it, whatever failed since', () => {
  const run = recordedRun({ kind: 'live', strategy: 'side-by-side' });
  recordSwitchAndBack(run, 'copied');
  const failed = (act: 'do' | 'undo', code: string): void =>
    run.write(1, {
      type: 'outcome',
      step: 'switch-over',
      act,
      durationMs: 1,
      ok: false,
      error: { outcome: 'failed', code, seen: 's', expected: 'e', next: 'n' },
    });
  const closed = /THE DATABASE MAY BE CLOSED TO CLIENTS: resume now$/;
  run.write(0, { type: 'intent', step: 'switch-over', act: 'do', attempt: 1 });
  run.write(0, { type: 'mark', step: 'switch-over', act: 'do', name: 'fencing', data: {} });
  // A process that died, and a look that found nothing done: the fence stands all the same.
  run.write(0, {
    type: 'outcome',
    step: 'switch-over',
    act: 'inspect-do',
    ok: true,
    durationMs: 1,
    inspection: 'not-done',
  });
  assert.match(stateOf(run), closed);
  failed('do', 'stand-down-failed');
  assert.match(stateOf(run), closed);
  // The run goes back, and cannot reach the server either.
  run.write(0, { type: 'rollback-started', reason: 'r', automatic: true, operator: 'o' });
  run.write(0, { type: 'intent', step: 'switch-over', act: 'undo', attempt: 1 });
  failed('undo', 'connection-failed');
  assert.match(stateOf(run), closed);
  run.write(0, { type: 'intent', step: 'switch-over', act: 'undo', attempt: 2 });
  run.write(1, { type: 'outcome', step: 'switch-over', act: 'undo', durationMs: 1, ok: true, evidence: {} });
  assert.doesNotMatch(stateOf(run), closed);
});

it('does not say so of a switch that failed and let the old database serve on', () => {
  const run = recordedRun({ kind: 'live', strategy: 'side-by-side' });
  recordSwitchAndBack(run, 'copied');
  run.write(0, { type: 'intent', step: 'switch-over', act: 'do', attempt: 1 });
  run.write(0, { type: 'mark', step: 'switch-over', act: 'do', name: 'fencing', data: {} });
  const error = { outcome: 'failed', code: 'fence-too-long', seen: 's', expected: 'e', next: 'n' } as const;
  run.write(1, { type: 'outcome', step: 'switch-over', act: 'do', durationMs: 1, ok: false, error });
  assert.doesNotMatch(stateOf(run), /CLOSED/);
});
