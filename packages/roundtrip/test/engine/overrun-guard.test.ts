import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exitCodeOfHalt } from '../../src/cli/exit-codes.ts';
import { execute, type Halt } from '../../src/engine/execute.ts';
import { overrunGuard, rollbackDeadlineMs } from '../../src/engine/overrun-guard.ts';
import { foldJournal } from '../../src/journal/fold.ts';
import type { JournalBody } from '../../src/journal/record.ts';
import { anyStepKind } from '../../src/steps/step-kind.ts';
import { memoryJournal, started, stateAfter, toyPlan, toyStep } from './fake-run.ts';

const HOUR_MS = 3_600_000;
const RECEIPT = { rollbackMs: HOUR_MS / 2 };
/** The toy window ends at 04:00 UTC, and the journal of a toy begins on the first of January 1970. */
const DEADLINE_MS = 3.5 * HOUR_MS;
const RESUMED: JournalBody = { type: 'resumed', operator: 'o', toolVersion: '0' };
const OVERRIDE: JournalBody = { type: 'override', what: 'window', reason: 'r', operator: 'o' };

const plan = toyPlan([
  toyStep('migrate'),
  toyStep('import'),
  toyStep('drop', 'point-of-no-return'),
  toyStep('watch', 'reversible', 'main', 'watch'),
]);

/** A night whose clock moves by steps alone: each takes so many hours. */
class Night {
  readonly journal = memoryJournal();
  readonly done: string[] = [];
  #nowMs = 2 * HOUR_MS;

  constructor(...bodies: readonly JournalBody[]) {
    for (const body of bodies) this.journal.append(body);
  }

  /** One process: the guard sees the record with which it begins, as in the verbs. */
  async process(hours: Readonly<Record<string, number>>): Promise<Halt> {
    const now = (): Date => new Date(this.#nowMs);
    const guard = overrunGuard({ plan: () => plan, receipt: () => RECEIPT, now });
    const first = this.journal.records.at(-1);
    assert.ok(first);
    guard.onRecord(first, foldJournal(this.journal.records));
    const kind = (name: string) =>
      anyStepKind({
        kind: name,
        inspect: async () => 'not-done',
        do: async ({ step, signal }) => {
          this.#nowMs += (hours[step.id] ?? 0) * HOUR_MS;
          assert.equal(signal.aborted, false, 'a step under way is not cut');
          this.done.push(step.id);
          return {};
        },
        verify: async () => ({}),
        undo: async () => ({}),
      });
    const { halt } = await execute({
      plan,
      journal: this.journal,
      kinds: new Map(['toy', 'watch'].map((name) => [name, kind(name)])),
      runDirectory: '/nowhere',
      operator: 'o',
      signal: guard.signal,
      now,
      log: () => undefined,
      onRecord: guard.onRecord,
    });
    return halt;
  }
}

const approval: JournalBody = { type: 'approved', step: 'drop', operator: 'o', comment: 'c' };

describe('a run whose step overruns the rollback deadline', () => {
  it('stops before the next change and asks; the step that overran is whole, the point of no return is not begun', async () => {
    const night = new Night(started(), approval);
    const halt = await night.process({ migrate: 1, import: 0.75 });
    assert.deepEqual(night.done, ['migrate', 'import']);
    assert.ok(halt.next === 'interrupted' && halt.code === 'rollback-deadline-passed', JSON.stringify(halt));
    assert.match(halt.reason, /deadline passed at 1970-01-01T03:30:00.000Z.*after the window \(04:00 UTC\)/);
    const state = foldJournal(night.journal.records);
    assert.equal(state.steps.import?.do.phase, 'verified');
    assert.equal(state.steps.drop?.do.phase, 'pending');
    assert.equal(exitCodeOfHalt({ plan, state, halt, rollbackAsked: false }), 9);

    // Whoever resumes has decided, and is not asked at every step again.
    night.journal.append(RESUMED);
    assert.equal((await night.process({})).next, 'none');
    assert.deepEqual(night.done, ['migrate', 'import', 'drop', 'watch']);
  });

  it('does not stop one that is in time, nor for a watch, which outlasts every window', async () => {
    for (const hours of [{ migrate: 1 }, { drop: 5 }, { watch: 24 }]) {
      const night = new Night(started(), approval);
      assert.equal((await night.process(hours)).next, 'none', JSON.stringify(hours));
    }
  });

  it('does not stop a rollback, a rehearsal, or a run whose window somebody has overridden', async () => {
    const back: JournalBody = { type: 'rollback-started', reason: 'r', automatic: false, operator: 'o' };
    for (const bodies of [[started(), back], [started('rehearsal')], [started(), OVERRIDE, approval]]) {
      const night = new Night(...bodies);
      assert.notEqual((await night.process({ migrate: 9 })).next, 'interrupted', JSON.stringify(bodies[1]));
    }
  });
});

it('is the end of the window less the rehearsed rollback less the margin, and unknown without a rehearsal', () => {
  const state = stateAfter(started());
  assert.equal(rollbackDeadlineMs(plan, state, RECEIPT), DEADLINE_MS);
  assert.equal(rollbackDeadlineMs({ ...plan, rollbackMarginMs: HOUR_MS }, state, RECEIPT), 2.5 * HOUR_MS);
  assert.equal(rollbackDeadlineMs(plan, state, undefined), undefined);
  assert.equal(rollbackDeadlineMs(plan, stateAfter(started('rehearsal')), RECEIPT), undefined);
  assert.equal(rollbackDeadlineMs(plan, stateAfter(started(), OVERRIDE), RECEIPT), undefined);
});
