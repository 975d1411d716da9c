import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide } from '../../src/engine/decide.ts';
import type { Act, JournalBody } from '../../src/journal/record.ts';
import { started, stateAfter, toyPlan, toyStep } from './fake-run.ts';

const plan = toyPlan([
  toyStep('look', 'none'),
  toyStep('stop'),
  toyStep('migrate', 'undone-by-way-back'),
  toyStep('start'),
  toyStep('returned', 'none', 'after-rollback'),
]);

const intent = (step: string, act: Act = 'do'): JournalBody => ({ type: 'intent', step, act, attempt: 1 });
const ok = (step: string, act: Act = 'do'): JournalBody => ({
  type: 'outcome',
  step,
  act,
  ok: true,
  durationMs: 1,
  evidence: {},
});
const failed = (step: string, act: Act = 'do', outcome: 'failed' | 'ambiguous' = 'failed'): JournalBody => ({
  type: 'outcome',
  step,
  act,
  ok: false,
  durationMs: 1,
  error: { outcome, code: 'x', seen: 'it broke', expected: 'not', next: 'look' },
});
const through = (step: string): JournalBody[] => [intent(step), ok(step), ok(step, 'verify')];
const next = (...bodies: JournalBody[]) => {
  const decision = decide(plan, stateAfter(started(), ...bodies));
  return decision.next === 'act'
    ? `${decision.act} ${decision.step.id}`
    : 'step' in decision
      ? `${decision.next} ${decision.step.id}`
      : `${decision.next}${'verdict' in decision ? ` ${decision.verdict}` : ''}`;
};

describe('decide, forward', () => {
  it('does a step, verifies it, goes to the next', () => {
    assert.equal(next(), 'do look');
    assert.equal(next(intent('look'), ok('look')), 'verify look');
    assert.equal(next(...through('look')), 'do stop');
  });

  it('inspects what was begun and has no outcome, and never begins it again before', () => {
    assert.equal(next(...through('look'), intent('stop')), 'inspect-do stop');
    const inspected = (inspection: 'done' | 'not-done' | 'unknown'): JournalBody => ({
      type: 'outcome',
      step: 'stop',
      act: 'inspect-do',
      ok: true,
      durationMs: 1,
      inspection,
    });
    assert.equal(next(...through('look'), intent('stop'), inspected('done')), 'verify stop');
    assert.equal(next(...through('look'), intent('stop'), inspected('not-done')), 'do stop');
    assert.equal(next(...through('look'), intent('stop'), inspected('unknown')), 'ask-human stop');
  });

  it('inspects after an ambiguous error or an interruption', () => {
    assert.equal(
      next(...through('look'), intent('stop'), failed('stop', 'do', 'ambiguous')),
      'inspect-do stop',
    );
    assert.equal(
      next(...through('look'), intent('stop'), { ...failed('stop'), interrupted: true } as JournalBody),
      'inspect-do stop',
    );
  });

  it('asks a human after three ends in doubt, whichever direction, and tries anew once one has decided', () => {
    const doubt = (step: string, act: Act): JournalBody[] => [
      intent(step, act),
      failed(step, act, 'ambiguous'),
      {
        type: 'outcome',
        step,
        act: act === 'do' ? 'inspect-do' : 'inspect-undo',
        ok: true,
        durationMs: 1,
        inspection: 'not-done',
      },
    ];
    const forward = [...through('look'), ...doubt('stop', 'do'), ...doubt('stop', 'do')];
    assert.equal(next(...forward), 'do stop');
    assert.equal(next(...forward, ...doubt('stop', 'do')), 'ask-human stop');
    const back: JournalBody[] = [
      ...through('look'),
      ...through('stop'),
      { type: 'rollback-started', reason: 'x', automatic: false, operator: 'o' },
    ];
    const twice = [...back, ...doubt('stop', 'undo'), ...doubt('stop', 'undo')];
    assert.equal(next(...twice), 'undo stop');
    const thrice = [...twice, ...doubt('stop', 'undo')];
    assert.equal(next(...thrice), 'ask-human stop');
    const decided: JournalBody = {
      type: 'decided',
      step: 'stop',
      act: 'undo',
      as: 'not-done',
      operator: 'o',
      reason: 'renamed it back',
    };
    assert.equal(next(...thrice, decided), 'undo stop');
    // The look itself ends in doubt: a database that does not answer is not asked for ever.
    const looks = Array.from({ length: 4 }, () => failed('stop', 'inspect-do', 'ambiguous'));
    assert.equal(next(...through('look'), intent('stop'), ...looks), 'ask-human stop');
  });

  it('ends unchanged when the first thing that fails only looked', () => {
    assert.equal(next(intent('look'), failed('look')), 'finish failed-unchanged');
  });

  it('rolls back when anything was changed before the failure', () => {
    assert.equal(
      next(...through('look'), ...through('stop'), intent('migrate'), failed('migrate')),
      'roll-back',
    );
    assert.equal(next(...through('look'), intent('stop'), failed('stop')), 'roll-back');
  });

  it('succeeds after the last verification, and rolls a rehearsal back', () => {
    const all = ['look', 'stop', 'migrate', 'start'].flatMap(through);
    assert.equal(next(...all), 'finish succeeded');
    const rehearsal = decide(plan, stateAfter(started('rehearsal'), ...all));
    assert.equal(rehearsal.next, 'roll-back');
  });
});

describe('decide, back', () => {
  const back: JournalBody = { type: 'rollback-started', reason: 'r', automatic: true, operator: 'o' };
  const forward = [...through('look'), ...through('stop'), intent('migrate'), failed('migrate')];

  it('undoes what was begun in reverse order, skipping what only looked and what the switch undoes', () => {
    assert.equal(next(...forward, back), 'undo stop');
    assert.equal(next(...forward, back, intent('stop', 'undo'), ok('stop', 'undo')), 'do returned');
    assert.equal(
      next(...forward, back, intent('stop', 'undo'), ok('stop', 'undo'), ...through('returned')),
      'finish rolled-back',
    );
  });

  it('settles an unknown do before undoing it', () => {
    assert.equal(next(...through('look'), intent('stop'), back), 'inspect-do stop');
  });

  it('is stuck, not finished, when an undo or the proof after it fails', () => {
    assert.equal(next(...forward, back, intent('stop', 'undo'), failed('stop', 'undo')), 'stuck stop');
    assert.equal(
      next(
        ...forward,
        back,
        intent('stop', 'undo'),
        ok('stop', 'undo'),
        intent('returned'),
        failed('returned'),
      ),
      'stuck returned',
    );
  });

  it('re-opens a run that had succeeded', () => {
    const finished: JournalBody = { type: 'run-finished', verdict: 'succeeded' };
    const all = ['look', 'stop', 'migrate', 'start'].flatMap(through);
    assert.equal(next(...all, finished), 'none succeeded');
    assert.equal(next(...all, finished, back), 'undo start');
  });
});

describe('decide, approvals', () => {
  it('waits for a human before an approve step and before a point of no return', () => {
    for (const step of [toyStep('go', 'none', 'main', 'approve'), toyStep('go', 'point-of-no-return')]) {
      const waiting = toyPlan([step]);
      assert.equal(decide(waiting, stateAfter(started())).next, 'ask-approval');
      const approved: JournalBody = { type: 'approved', step: 'go', operator: 'o', comment: '' };
      assert.equal(decide(waiting, stateAfter(started(), approved)).next, 'act');
    }
  });
});
