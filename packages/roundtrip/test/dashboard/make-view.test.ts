import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LockHolder } from '../../src/control/operator-lock.ts';
import type { DashboardView, StepView } from '../../src/dashboard/view/dashboard-view.ts';
import { makeView } from '../../src/dashboard/view/make-view.ts';
import { watchSeries, watchStep } from '../../src/dashboard/view/watch-series.ts';
import { foldJournal } from '../../src/journal/fold.ts';
import type { Receipt } from '../../src/journal/receipt.ts';
import {
  FINGERPRINTS,
  type RecordedRun,
  recordedRun,
  recordUntilMigration,
  rehearsedReceipt,
  STARTED,
} from './recorded-run.ts';

const OPERATING: LockHolder = {
  operator: 'anna@ops-1',
  host: 'ops-1',
  pid: 1,
  startTicks: '1',
  verb: 'run',
  since: '2026-11-22T23:15:00.000Z',
};

function viewOf(
  run: RecordedRun,
  options: { readonly attended?: boolean; readonly receipt?: Receipt } = {},
): DashboardView {
  return makeView({
    plan: run.plan,
    state: foldJournal(run.journal.records),
    receipt: options.receipt,
    operating: options.attended === false ? undefined : OPERATING,
    wayBack: undefined,
    watch: null,
    nowMs: STARTED + 300_000,
  });
}

function stepOf(view: DashboardView, id: string): StepView {
  const step = view.steps.find((candidate) => candidate.id === id);
  assert.ok(step, id);
  return step;
}

describe('the view of a run', () => {
  it('waits for the approval, and names the command that gives it', () => {
    const view = viewOf(recordedRun({ kind: 'live' }));
    assert.equal(view.phase, 'waiting');
    assert.match(view.waitsFor?.command ?? '', /^roundtrip approve --step meeting --run .*-live-/);
    assert.equal(view.maintenance, 'untouched');
    assert.equal(view.wayBack.light, 'not-needed');
  });

  it('puts planned bars one after the other and knows the window, the deadline and the point of no return', () => {
    const run = recordedRun({ kind: 'live' });
    recordUntilMigration(run);
    const view = viewOf(run, { receipt: rehearsedReceipt(run) });
    assert.equal(stepOf(view, 'backup').plannedStartMs, STARTED + 6 * 60_000);
    assert.equal(stepOf(view, 'backup').do.durationMs, 240_000);
    assert.equal(view.window?.endMs, Date.parse('2026-11-23T01:00:00.000Z'));
    assert.equal(view.rollbackDeadlineMs, (view.window?.endMs ?? 0) - 120_000 - 600_000);
    assert.deepEqual(
      { step: view.pointOfNoReturn?.step, passed: view.pointOfNoReturn?.passed },
      { step: 'drop-old', passed: false },
    );
    // Rehearsed seconds for what is left; the watch is not part of the night.
    assert.deepEqual(view.forecast, { endMs: view.nowMs + 64_000, from: 'rehearsal' });
  });

  it('tells the way back from the journal while a run is under way', () => {
    const run = recordedRun({ kind: 'live' });
    recordUntilMigration(run);
    assert.equal(viewOf(run).wayBack.light, 'open');
    assert.equal(viewOf(run).maintenance, 'on');
    run.succeed('migrate', 30);
    assert.equal(viewOf(run).wayBack.light, 'open');
    run.write(1, { type: 'approved', step: 'drop-old', operator: 'anna', comment: 'yes' });
    run.write(1, { type: 'intent', step: 'drop-old', act: 'do', attempt: 1 });
    const view = viewOf(run);
    assert.equal(view.wayBack.light, 'closed');
    assert.equal(view.pointOfNoReturn?.passed, true);
    assert.deepEqual(view.current, { step: 'drop-old', title: 'Drop what nobody reads', act: 'do' });
  });

  it('side by side, says that the old database is left alone until the switch, and kept in step after it', () => {
    const run = recordedRun({ kind: 'live' });
    const [meeting, , backup] = run.plan.steps;
    assert.ok(meeting !== undefined && backup !== undefined);
    const steps = [
      meeting,
      { ...backup, id: 'copy', kind: 'copy-beside' },
      { ...backup, id: 'switch', kind: 'switch-over' },
    ];
    const beside: RecordedRun = { ...run, plan: { ...run.plan, steps } };
    const lit = (): readonly string[] => [viewOf(beside).wayBack.light, ...viewOf(beside).wayBack.reasons];
    assert.equal(lit()[0], 'not-needed');
    run.succeed('copy', 5);
    assert.match(lit().join(), /^open,the old database serves and is not changed/);
    run.write(1, { type: 'intent', step: 'switch', act: 'do', attempt: 1 });
    assert.match(lit().join(), /^at-risk,the switch is under way/);
    run.write(1, { type: 'outcome', step: 'switch', act: 'do', ok: true, durationMs: 900, evidence: {} });
    run.write(0, { type: 'outcome', step: 'switch', act: 'verify', ok: true, durationMs: 1, evidence: {} });
    assert.match(lit().join(), /^open,the old database is kept in step/);
  });

  it('says that nobody operates when an unfinished run has no process', () => {
    const run = recordedRun({ kind: 'live' });
    recordUntilMigration(run);
    const left = viewOf(run, { attended: false });
    assert.equal(left.phase, 'unattended');
    assert.deepEqual(
      [left.waitsFor?.step, left.waitsFor?.command],
      ['migrate', `roundtrip resume --run ${run.runId}`],
    );
    assert.equal(viewOf(run).phase, 'forward');
  });

  it('reads nothing into a switch of the maintenance whose outcome is unknown', () => {
    const run = recordedRun({ kind: 'live' });
    run.write(0, { type: 'approved', step: 'meeting', operator: 'anna', comment: '' });
    run.succeed('meeting', 1);
    run.write(1, { type: 'intent', step: 'maintenance-on', act: 'do', attempt: 1 });
    assert.equal(viewOf(run).maintenance, 'unknown');
  });

  it('follows a failure into the rollback, and maintenance back to off', () => {
    const run = recordedRun({ kind: 'live' });
    recordUntilMigration(run);
    run.fail('migrate', 12, 'exit 1');
    run.write(0, {
      type: 'rollback-started',
      reason: 'step "migrate" failed',
      automatic: true,
      operator: 'anna',
    });
    assert.equal(viewOf(run).phase, 'back');
    assert.equal(stepOf(viewOf(run), 'migrate').do.error?.code, 'command-failed');
    for (const step of ['way-back', 'backup', 'maintenance-on']) {
      run.write(0, { type: 'intent', step, act: 'undo', attempt: 1 });
      const evidence = step === 'way-back' ? { fingerprints: FINGERPRINTS } : {};
      run.write(5, { type: 'outcome', step, act: 'undo', ok: true, durationMs: 5000, evidence });
    }
    run.write(0, { type: 'run-finished', verdict: 'rolled-back' });
    const view = viewOf(run);
    assert.deepEqual([view.phase, view.verdict, view.maintenance], ['ended', 'rolled-back', 'off']);
    assert.equal(view.rollback?.tookMs, 15_000);
    assert.deepEqual(
      view.tables.map(({ run: after, rollback }) => [after, rollback]),
      [
        ['absent', 'equal'],
        ['absent', 'equal'],
      ],
    );
  });

  it('never calls a way back open that was not looked at', () => {
    const run = recordedRun({ kind: 'live' });
    run.write(1, { type: 'run-finished', verdict: 'succeeded' });
    assert.equal(viewOf(run).wayBack.light, 'at-risk');
  });
});

describe('the series of a watch', () => {
  it('has null where nothing was measured, and keeps every request', () => {
    const run = recordedRun({ kind: 'live' });
    const state = foldJournal(run.journal.records);
    const step = watchStep(run.plan);
    assert.ok(step);
    const series = watchSeries({ plan: run.plan, state, step });
    const reading = (errors: number) => ({
      source: 'door',
      requests: 10,
      errors,
      latency: [[10, 20, 10] as const],
    });
    const host = { source: 'host', values: { cpu: 0.5, memory: 0.4 } };
    for (const atMs of [0, 10_000, 20_000, 600_000])
      series.add({
        atMs,
        at: new Date(STARTED + atMs).toISOString(),
        readings: [reading(atMs === 0 ? 1 : 0), host],
      });
    const view = series.view(state, null);
    assert.equal(
      view.bins.requests.reduce((sum, count) => sum + count, 0),
      40,
    );
    assert.deepEqual([view.requests, view.errors, view.samples], [40, 1, 4]);
    // Two samples in the first bin of twenty seconds.
    assert.equal(view.bins.errorShare[0], 0.05);
    assert.equal(view.bins.errorShare[15], null);
    assert.equal(view.bins.p95Ms[0], 20);
    assert.deepEqual(
      view.gaps.map(({ fromMs, toMs }) => [fromMs, toMs]),
      [[20_000, 600_000]],
    );
    assert.deepEqual(
      view.limits.latencyMs.map(({ value }) => value),
      [500, 1000],
    );
  });
});
