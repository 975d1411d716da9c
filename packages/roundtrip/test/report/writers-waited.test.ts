import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foldJournal } from '../../src/journal/fold.ts';
import { htmlReport } from '../../src/report/html.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { makeReport } from '../../src/report/report.ts';
import { writersWaited } from '../../src/report/writers-waited.ts';
import { recordedRun, recordSwitchAndBack } from '../dashboard/recorded-run.ts';

describe('how long writers waited', () => {
  const beside = (until: 'copied' | 'switched' | 'returned') => {
    const run = recordedRun({ kind: 'live', strategy: 'side-by-side' });
    recordSwitchAndBack(run, until);
    return run;
  };

  it('is what the switch measured behind its fence, there and back', () => {
    const waited = (until: 'copied' | 'switched' | 'returned') => {
      const run = beside(until);
      return writersWaited(run.plan, foldJournal(run.journal.records));
    };
    assert.deepEqual(waited('copied'), { switchMs: null, rollbackMs: null });
    assert.deepEqual(waited('switched'), { switchMs: 131, rollbackMs: null });
    assert.deepEqual(waited('returned'), { switchMs: 131, rollbackMs: 202 });
  });

  it('is not said in place, where maintenance says it', () => {
    const run = recordedRun({ kind: 'live' });
    assert.equal(writersWaited(run.plan, foldJournal(run.journal.records)), null);
    assert.doesNotMatch(htmlReport(makeReport(run.plan, run.journal.records)), /Writers waited/);
  });

  it('stands in the report, in HTML and Markdown', () => {
    const run = beside('returned');
    const report = makeReport(run.plan, run.journal.records);
    for (const text of [htmlReport(report), markdownReport(report)])
      assert.match(text, /Writers waited.*131ms at the switch, 202ms on the way back/);
  });
});
