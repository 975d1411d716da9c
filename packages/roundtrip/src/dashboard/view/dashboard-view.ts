import type { ActPhase } from '../../journal/fold.ts';
import type { RecordedError, RunKind, Verdict } from '../../journal/record.ts';
import type { JsonObject } from '../../json.ts';
import type { CountedChanges } from '../../postgres/row-changes.ts';
import type { ChangesInAll } from '../../report/table-changes.ts';
import type { JudgedTable } from '../../report/table-verdict.ts';
import type { WritersWaited } from '../../report/writers-waited.ts';
import type { StepEffect, StepPhase } from '../../runbook/step-spec.ts';
import type { WatchView } from './watch-view.ts';

/**
 * What the dashboard shows of one run: plain data that the browser only draws. All of it follows from the journal, the
 * plan and the receipts; instants are UTC milliseconds, so that the browser needs no zone but the window's.
 */
export interface DashboardView {
  readonly format: 1;
  readonly runId: string;
  readonly kind: RunKind;
  readonly title: string;
  readonly runbook: string;
  readonly target: TargetView;
  readonly operator: string;
  readonly toolVersion: string;
  readonly planHash: string;
  readonly releases: { readonly from: string; readonly to: string } | null;
  readonly head: { readonly n: number; readonly hash: string; readonly atMs: number };
  /** The clock of the machine that serves, when this was made. */
  readonly nowMs: number;
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly phase: RunPhase;
  readonly verdict: Verdict | null;
  readonly current: {
    readonly step: string;
    readonly title: string;
    readonly act: 'do' | 'undo' | 'finish';
  } | null;
  /** What only a person can do, as the command to type; the dashboard itself never acts. */
  readonly waitsFor: { readonly step: string; readonly title: string; readonly command: string } | null;
  readonly operating: { readonly operator: string; readonly verb: string; readonly since: string } | null;
  readonly maintenance: MaintenanceState;
  /** Null where the migration is not beside a database that serves. */
  readonly writersWaited: WritersWaited | null;
  readonly forecast: { readonly endMs: number; readonly from: 'rehearsal' | 'plan' } | null;
  readonly window: { readonly startMs: number; readonly endMs: number; readonly zone: string } | null;
  readonly rollbackDeadlineMs: number | null;
  /** As rehearsed; null without a receipt. */
  readonly rollbackMs: number | null;
  readonly rollback: {
    readonly reason: string;
    readonly automatic: boolean;
    readonly atMs: number;
    readonly tookMs: number | null;
  } | null;
  readonly pointOfNoReturn: {
    readonly step: string;
    readonly title: string;
    readonly atMs: number;
    readonly passed: boolean;
  } | null;
  readonly overrides: readonly {
    readonly what: string;
    readonly reason: string;
    readonly operator: string;
  }[];
  readonly wayBack: WayBackView;
  readonly tables: readonly JudgedTable[];
  /** Who changed how many rows of all protected tables together. */
  readonly changes: ChangesInAll;
  readonly steps: readonly StepView[];
  readonly watch: WatchView | null;
}

/** Where a run stands, in one word. `unattended`: unfinished, and no process acts on it. */
export type RunPhase = 'forward' | 'waiting' | 'back' | 'stuck' | 'closing' | 'unattended' | 'ended';

/** `unneeded`: no step of the plan switches it. `untouched`: this run has not switched it. `unknown`: a switch has an intent and no good outcome. */
export type MaintenanceState = 'unneeded' | 'untouched' | 'on' | 'off' | 'unknown';

/** The target's identity: names, and what the journal recorded of the cluster itself. */
export interface TargetView {
  readonly name: string;
  readonly environment: 'production' | 'staging';
  readonly database: string;
  readonly identity: JsonObject;
}

/**
 * The light of the way back. `not-needed`: nothing was changed yet. While a run is under way it is judged from the
 * journal alone; after a success the databases are looked at.
 */
export interface WayBackView {
  readonly light: 'open' | 'at-risk' | 'closed' | 'not-needed';
  readonly reasons: readonly string[];
  readonly retainedBytes: number | null;
  readonly capBytes: number | null;
  readonly lagBytes: number | null;
  /** What it has brought along of each protected table by then. */
  readonly customers?: Readonly<Record<string, CountedChanges>> | null;
  /** When the databases were looked at; null where the journal alone decides. */
  readonly lookedAtMs: number | null;
}

/** One line of the timeline. */
export interface StepView {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly owner: string;
  readonly phase: StepPhase;
  readonly effect: StepEffect;
  readonly plannedMs: number;
  /** Null for steps that are not on the way forward. */
  readonly plannedStartMs: number | null;
  readonly rehearsedMs: number | null;
  readonly do: ActView;
  readonly undo: ActView;
  readonly finish: ActView;
  readonly approval: string | null;
}

/** One act of a step, from the fold. */
export interface ActView {
  readonly phase: ActPhase;
  readonly attempts: number;
  readonly startMs: number | null;
  /** Null while it goes on. */
  readonly endMs: number | null;
  readonly durationMs: number;
  readonly error: RecordedError | null;
}
