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
