import { foldJournal, type RunState, stepState } from '../journal/fold.ts';
import { rollbackMs } from '../journal/receipt.ts';
import type { JournalRecord } from '../journal/record.ts';
import { stepOfKind } from '../journal/table-proof.ts';
import type { Json, JsonObject } from '../json.ts';
import { type Plan, planHash } from '../runbook/plan.ts';
import { type AlertsSummary, alertsSummary } from './alerts-summary.ts';
import { type GateSummary, gatesOf } from './gates.ts';
import { type JudgedTable, judgedTables } from './table-verdict.ts';
import { type WatchSummary, watchSummary } from './watch-summary.ts';
import { type WritersWaited, writersWaited } from './writers-waited.ts';

/** Bumped when a summary says more or says it otherwise: an older report is verified by the version that made it. */
export const REPORT_FORMAT = 5;

/** One line of the timeline. */
export interface TimelineRow {
  readonly id: string;
  readonly title: string;
  readonly owner: string;
  readonly phase: string;
  readonly plannedMs: number;
  readonly actualMs: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly attempts: number;
  readonly result: string;
  readonly undoStartedAt: string | null;
  readonly undoMs: number | null;
  readonly error: string | null;
}

/** The way back as it was gone. In a rehearsal it is the drill that the receipt's time comes from. */
export interface RollbackSummary {
  readonly reason: string;
  readonly startedAt: string;
  readonly automatic: boolean;
  /** From the decision until the previous release was proven to serve. */
  readonly ms: number;
  readonly drill: boolean;
}

/** Everything a report says, derived from plan and journal: whoever has these two can recompute it. */
export interface ReportSummary {
  readonly runId: string;
  readonly kind: string;
  readonly title: string;
  readonly target: string;
  readonly verdict: string;
  readonly planHash: string;
  readonly receipt: Json;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly operator: string;
  readonly identity: JsonObject;
  readonly overrides: readonly {
    readonly what: string;
    readonly reason: string;
    readonly operator: string;
  }[];
  readonly rollback: RollbackSummary | null;
  readonly backup: JsonObject | null;
  readonly gates: readonly GateSummary[];
  readonly timeline: readonly TimelineRow[];
  readonly protectedTables: readonly JudgedTable[];
  readonly watch: WatchSummary | null;
  readonly alerts: AlertsSummary;
  /** Null where the migration was not beside a database that served. */
  readonly writersWaited: WritersWaited | null;
  readonly head: string;
}

/** A report carries what it was made from, so that `verify` needs nothing else. */
export interface Report {
  readonly format: typeof REPORT_FORMAT;
  readonly summary: ReportSummary;
  readonly plan: Plan;
  readonly records: readonly JournalRecord[];
}

/** Makes a report; pure. */
export function makeReport(plan: Plan, records: readonly JournalRecord[]): Report {
  return { format: REPORT_FORMAT, summary: summariseRun(plan, records), plan, records };
}

/** The summary of a run; pure, so that `verify` can make it again and compare. */
export function summariseRun(plan: Plan, records: readonly JournalRecord[]): ReportSummary {
  const state = foldJournal(records);
  const { started } = state;
  // Side by side the copy is made from a verified dump, which is the backup.
  const backup = stepOfKind(plan, 'backup') ?? stepOfKind(plan, 'copy-beside');
  const {
    fingerprints: _left,
    begun: _begun,
    horizon: _horizon,
    ...backupEvidence
  } = backup === undefined ? {} : stepState(state, backup.id).do.evidence;
  return {
    runId: started.runId,
    kind: started.kind,
    title: plan.title,
    target: started.target,
    verdict: state.verdict ?? 'unfinished',
    planHash: planHash(plan),
    receipt: started.gate.receipt ?? null,
    startedAt: state.startedAt,
    endedAt: state.finishedAt ?? state.head.at,
    operator: started.operator,
    identity: started.identity,
    overrides: state.overrides,
    rollback:
      state.rollback === undefined
        ? null
        : {
            reason: state.rollback.reason,
            startedAt: state.rollback.at,
            automatic: state.rollback.automatic,
            ms: rollbackMs(plan, state),
            drill: started.kind === 'rehearsal',
          },
    backup: Object.keys(backupEvidence).length === 0 ? null : backupEvidence,
    gates: gatesOf(plan, state),
    timeline: timelineOf(plan, state),
    protectedTables: judgedTables(plan, state),
    watch: watchSummary(plan, state),
    alerts: alertsSummary(plan, state),
    writersWaited: writersWaited(plan, state),
    head: state.head.hash,
  };
}

function timelineOf(plan: Plan, state: RunState): TimelineRow[] {
  return plan.steps.map((step) => {
    const { do: done, undo } = stepState(state, step.id);
    const result = undo.phase === 'effected' ? 'undone' : done.phase;
    const error = done.error?.seen ?? undo.error?.seen ?? null;
    const { id, title, owner, phase, plannedMs } = step;
    return {
      id,
      title,
      owner,
      phase,
      plannedMs,
      actualMs: done.durationMs,
      startedAt: done.startedAt ?? null,
      endedAt: done.endedAt ?? null,
      attempts: done.attempts,
      result,
      undoStartedAt: undo.startedAt ?? null,
      undoMs: undo.phase === 'pending' ? null : undo.durationMs,
      error,
    };
  });
}
