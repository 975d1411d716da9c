import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sealRecord } from '../../src/journal/chain.ts';
import { foldJournal } from '../../src/journal/fold.ts';
import { rollbackMs } from '../../src/journal/receipt.ts';
import type { JournalBody, JournalRecord } from '../../src/journal/record.ts';
import { started, toyPlan, toyStep } from '../engine/fake-run.ts';

const plan = toyPlan([toyStep('a'), toyStep('proof', 'none', 'after-rollback')]);
const ROLLED_BACK: readonly JournalBody[] = [
  started('rehearsal'),
  { type: 'intent', step: 'a', act: 'do', attempt: 1 },
  { type: 'outcome', step: 'a', act: 'do', ok: true, durationMs: 900, evidence: {} },
  { type: 'rollback-started', reason: 'drill', automatic: true, operator: 'tester' },
  { type: 'intent', step: 'a', act: 'undo', attempt: 1 },
  { type: 'outcome', step: 'a', act: 'undo', ok: true, durationMs: 4_000, evidence: {} },
  { type: 'intent', step: 'proof', act: 'do', attempt: 1 },
  { type: 'outcome', step: 'proof', act: 'do', ok: true, durationMs: 500, evidence: {} },
];

describe('the time of a rollback', () => {
  it('is that between the decision and the last proof, waits included', () => {
    assert.equal(
      rollbackMs(
        plan,
        stateAt((n) => n * 10_000),
      ),
      40_000,
    );
  });

  it('is never less than its steps took, whatever the clock was set to', () => {
    assert.equal(
      rollbackMs(
        plan,
        stateAt((n) => (n < 4 ? 3_600_000 + n * 10_000 : n * 10_000)),
      ),
      4_500,
    );
  });
});

function stateAt(clockMs: (record: number) => number) {
  const records: JournalRecord[] = [];
  for (const [n, body] of ROLLED_BACK.entries())
    records.push(sealRecord({ last: records.at(-1), at: new Date(clockMs(n)).toISOString(), body }));
  return foldJournal(records);
}
