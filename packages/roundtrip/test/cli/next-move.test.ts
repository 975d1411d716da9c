import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextMove } from '../../src/cli/next-move.ts';
import { decide } from '../../src/engine/decide.ts';
import { foldJournal } from '../../src/journal/fold.ts';
import {
  FINGERPRINTS,
  type RecordedRun,
  recordedRun,
  recordRollback,
  recordSwitchAndBack,
  recordUntilMigration,
} from '../dashboard/recorded-run.ts';

const moveOf = (run: RecordedRun, operating = false): string =>
  nextMove(run.runId, decide(run.plan, foldJournal(run.journal.records)), operating);

describe('what a person does next', () => {
  it('is a command that can be typed, whatever the run waits for', () => {
    const run = recordedRun({ kind: 'live' });
    assert.equal(moveOf(run), `next: roundtrip approve --run ${run.runId} --step meeting`);
    recordUntilMigration(run);
    assert.match(moveOf(run), /^next: roundtrip resume --run .* or {3}roundtrip abort --run /);
    run.fail('migrate', 3, 'exit 1');
    recordRollback(run, { reason: 'it failed', automatic: true, returned: FINGERPRINTS, stepSeconds: 1 });
    assert.equal(moveOf(run), `next: roundtrip report --run ${run.runId}`);
  });

  it('is to leave it alone while a process operates, naming what that does', () => {
    const run = recordedRun({ kind: 'live' });
    recordUntilMigration(run);
    assert.equal(moveOf(run, true), 'next: do "Run schema migrations", by the process that operates');
    run.write(1, { type: 'intent', step: 'migrate', act: 'do', attempt: 1 });
    assert.equal(moveOf(run, true), 'next: the end of "Run schema migrations", by the process that operates');
  });

  it('after a success is to watch, to go back, or to close the way back', () => {
    const run = recordedRun({ kind: 'live', strategy: 'side-by-side' });
    recordSwitchAndBack(run, 'switched');
    run.write(1, { type: 'run-finished', verdict: 'succeeded' });
    assert.match(moveOf(run), /roundtrip watch, or roundtrip rollback --run .*; later roundtrip finish$/);
  });
});
