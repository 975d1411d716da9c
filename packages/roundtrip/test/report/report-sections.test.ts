import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foldJournal } from '../../src/journal/fold.ts';
import { htmlReport } from '../../src/report/html.ts';
import { markdownReport } from '../../src/report/markdown.ts';
import { makeReport, type Report } from '../../src/report/report.ts';
import { judgedTables } from '../../src/report/table-verdict.ts';
import { verifyReport } from '../../src/report/verify-report.ts';
import {
  FINGERPRINTS,
  type RecordedRun,
  recordedRun,
  recordRollback,
  recordUntilMigration,
} from '../dashboard/recorded-run.ts';

const GOAL = { goal: 'error rate < 1 %', result: 'held', seen: '0 of 900 requests failed' };
const RESULT = {
  verdict: 'pass',
  reason: 'error rate < 1 %: 0 of 900',
  samples: 30,
  requests: 900,
  errors: 0,
  coveredMs: 3_600_000,
  lostMs: 10_000,
  goals: [GOAL],
  rows: [{ condition: 'error rate > 5 %', rollback: 'yes', held: false, seen: null }],
  gaps: [{ fromMs: 1000, toMs: 11_000, reason: 'no sample was taken' }],
};

function night(end: (run: RecordedRun) => void): Report {
  const run = recordedRun({ kind: 'live' });
  run.write(0, {
    type: 'override',
    what: 'receipt',
    reason: 'the staging machine burnt',
    operator: 'anna@ops-1',
  });
  recordUntilMigration(run);
  run.succeed('migrate', 45);
  end(run);
  return makeReport(run.plan, run.journal.records);
}

function goBack(run: RecordedRun, returned: typeof FINGERPRINTS): void {
  recordRollback(run, { reason: 'IV2 <b>broken</b> | twice', automatic: false, returned, stepSeconds: 2 });
}

describe('what a report says of a night', () => {
  it("names every gate with its evidence: who approved, who went without a receipt and why, the backup's trust", () => {
    const { summary } = night(() => undefined);
    const told = summary.gates.map(({ kind, result, by }) => [kind, result, by]);
    assert.deepEqual(told.slice(0, 4), [
      ['receipt', 'overridden', 'anna@ops-1'],
      ['approve', 'passed', 'anna@ops-1'],
      ['backup', 'passed', null],
      ['way-back', 'passed', null],
    ]);
    assert.equal(summary.gates[0]?.evidence.reason, 'the staging machine burnt');
    assert.equal(summary.gates[2]?.evidence.trust, 'T3');
    assert.deepEqual(
      summary.gates.slice(4).map(({ result }) => result),
      ['absent', 'absent', 'absent'],
      'point of no return, proof and watch were not reached',
    );
  });

  it('tells how the watch ended and what it rests on, in HTML and in Markdown', () => {
    const report = night((run) => run.succeed('watch', 60, RESULT));
    assert.deepEqual(report.summary.watch?.goals, [GOAL]);
    assert.match(htmlReport(report), /<strong>PASS<\/strong>: error rate &lt; 1 %: 0 of 900/);
    assert.match(htmlReport(report), /no sample was taken/);
    assert.match(markdownReport(report), /Watch: \*\*pass\*\*/);
  });

  it('takes the result of a watch that asked a person from its mark', () => {
    const report = night((run) => {
      run.write(1, { type: 'intent', step: 'watch', act: 'do', attempt: 1 });
      const data = { state: 'ended', attempt: 1, asks: true, result: { ...RESULT, verdict: 'inconclusive' } };
      run.write(1, { type: 'mark', step: 'watch', act: 'do', name: 'watch', data });
    });
    assert.equal(report.summary.watch?.verdict, 'inconclusive');
  });

  it('draws the rollback with its steps, and escapes what it was told', () => {
    const report = night((run) => goBack(run, FINGERPRINTS));
    const html = htmlReport(report);
    assert.match(html, /Gone on request in 9\.0s/);
    assert.match(html, /IV2 &lt;b&gt;broken/);
    assert.doesNotMatch(html.replace(/<script[\s\S]*<\/script>/, ''), /<b>broken/);
    assert.equal(html.match(/class="undo" x=/g)?.length, 3);
    assert.deepEqual(verifyReport(html).problems, []);
  });

  it('tells rows that differ from rows that customers wrote and that were carried along', () => {
    const written = { ...FINGERPRINTS, 'public.orders': { rows: '20001', digest: 'c'.repeat(64) } };
    const verdicts = night((run) => goBack(run, written)).summary.protectedTables.map(
      ({ rollback }) => rollback,
    );
    // This plan has no stream that could have carried them: then they differ.
    assert.deepEqual(verdicts, ['differs', 'equal']);
    const run = recordedRun({ kind: 'live' });
    recordUntilMigration(run);
    const stream = {
      ...run.plan.steps[0],
      id: 'return-stream',
      kind: 'return-stream',
    } as (typeof run.plan.steps)[number];
    run.write(1, {
      type: 'outcome',
      step: 'return-stream',
      act: 'undo',
      ok: true,
      durationMs: 1,
      evidence: { returned: written },
    });
    goBack(run, written);
    const plan = { ...run.plan, steps: [...run.plan.steps, stream] };
    const judged = judgedTables(plan, foldJournal(run.journal.records));
    assert.deepEqual(
      judged.map(({ rollback }) => rollback),
      ['carried', 'equal'],
    );
  });

  it('shows what did not get through, in every form, until it does; a target without channels told nobody', () => {
    const id = 'run-1/9/step-failed';
    const to = { type: 'alert', id, event: 'step-failed', channel: 'ops' } as const;
    const undelivered = { ...to, delivered: false, attempts: 5, seen: 'HTTP 503 <try again> | later' };
    const reportWith = (end: (run: RecordedRun) => void): Report => {
      const { plan, records } = night((run) => {
        run.write(1, { ...to, id: 'run-1/8/gate-waits', delivered: true, attempts: 1, seen: 'HTTP 204' });
        run.write(1, undelivered);
        end(run);
      });
      const alerts = [{ kind: 'webhook', name: 'ops', url: 'http://127.0.0.1:9/' }] as const;
      return makeReport({ ...plan, target: { ...plan.target, alerts } }, records);
    };
    const report = reportWith(() => undefined);
    assert.equal(report.summary.alerts.delivered, 1);
    assert.deepEqual(
      report.summary.alerts.undelivered.map(({ event, channel, attempts }) => [event, channel, attempts]),
      [['step-failed', 'ops', 5]],
    );
    assert.match(
      htmlReport(report),
      /1 alert delivered to ops, 1 UNDELIVERED[\s\S]*HTTP 503 &lt;try again&gt; \| later/,
    );
    assert.match(markdownReport(report), /\*\*not delivered\*\* .*: step-failed to ops after 5 attempts/);
    const later = reportWith((run) => run.write(300, { ...undelivered, delivered: true, attempts: 1 }));
    assert.deepEqual(later.summary.alerts, { channels: ['ops'], delivered: 2, undelivered: [] });
    assert.match(markdownReport(later), /2 alerts delivered to ops, none undelivered/);
    assert.match(htmlReport(night(() => undefined)), /names no channel: nobody was told/);
  });

  it('a changed gate or watch does not verify; an older format says which version recomputes it', () => {
    const text = JSON.stringify(night((run) => run.succeed('watch', 60, RESULT)));
    assert.match(
      verifyReport(text.replace('"result":"overridden"', '"result":"passed"')).problems.join(),
      /"gates" does not follow/,
    );
    assert.match(
      verifyReport(text.replace('"watch":{"verdict":"pass"', '"watch":{"verdict":"fail"')).problems.join(),
      /"watch" does not follow/,
    );
    assert.match(
      verifyReport(
        text.replace('"alerts":{"channels":[],"delivered":0', '"alerts":{"channels":[],"delivered":9'),
      ).problems.join(),
      /"alerts" does not follow/,
    );
    assert.match(
      verifyReport(text.replace('"format":5', '"format":4')).problems.join(),
      /verify it with version 0\.1\.0/,
    );
  });
});
