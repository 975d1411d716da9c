import type { Outcome } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';

/** A run of the plan on production, or of the same plan on its staging copy. */
export type RunKind = 'live' | 'rehearsal';

/**
 * What is done to a step. `do`, `undo` and `finish` have effects; the others only look. `finish` lets go of what a step
 * kept for the way back, once that is no longer wanted; it is idempotent and simply repeated after a crash.
 */
export type Act = 'do' | 'verify' | 'undo' | 'finish' | 'inspect-do' | 'inspect-undo';

/** What `inspect` says of an effect whose outcome was lost. */
export type Inspection = 'done' | 'not-done' | 'unknown';

/** An error as it is kept in the journal: never a stack, never a secret. */
export interface RecordedError {
  readonly outcome: Outcome;
  readonly code: string;
  readonly seen: string;
  readonly expected: string;
  readonly next: string;
}

/**
 * The body of a journal record, by example:
 *
 * ```
 * {"type":"run-started","runId":"…","kind":"live","planHash":"…","toolVersion":"0.1.0","operator":"anna@host",…}
 * {"type":"intent","step":"migrate","act":"do","attempt":1}
 * {"type":"mark","step":"way-back","act":"undo","name":"retired","data":{"oid":"16400"}}
 * {"type":"outcome","step":"migrate","act":"do","ok":true,"durationMs":1812,"evidence":{…}}
 * {"type":"outcome","step":"import","act":"do","ok":false,"durationMs":90,"error":{…},"interrupted":false}
 * {"type":"rollback-started","reason":"step import failed","automatic":true}
 * {"type":"run-finished","verdict":"rolled-back"}
 * {"type":"alert","id":"…/41/gate-waits","event":"gate-waits","channel":"ops","delivered":true,"attempts":1,"seen":"HTTP 200 ok"}
 * ```
 */
export type JournalBody =
  | RunStarted
  | { readonly type: 'resumed'; readonly operator: string; readonly toolVersion: string }
  | { readonly type: 'intent'; readonly step: string; readonly act: Act; readonly attempt: number }
  | {
      readonly type: 'mark';
      readonly step: string;
      readonly act: Act;
      readonly name: string;
      readonly data: JsonObject;
    }
  | OutcomeRecord
  | { readonly type: 'approved'; readonly step: string; readonly operator: string; readonly comment: string }
  | {
      readonly type: 'decided';
      readonly step: string;
      readonly act: 'do' | 'undo' | 'finish';
      readonly as: 'done' | 'not-done';
      readonly operator: string;
      readonly reason: string;
    }
  | { readonly type: 'override'; readonly what: string; readonly reason: string; readonly operator: string }
  | {
      readonly type: 'rollback-started';
      readonly reason: string;
      readonly automatic: boolean;
      readonly operator: string;
    }
  | { readonly type: 'finish-started'; readonly reason: string; readonly operator: string }
  | { readonly type: 'run-finished'; readonly verdict: Verdict }
  | AlertRecord;

export interface RunStarted {
  readonly type: 'run-started';
  readonly runId: string;
  readonly kind: RunKind;
  readonly planHash: string;
  readonly runbook: string;
  readonly target: string;
  /** For a rehearsal: the hash of the production plan that is rehearsed. */
  readonly rehearses?: string | undefined;
  readonly toolVersion: string;
  readonly operator: string;
  readonly identity: JsonObject;
  /** What the run was let through by: the receipt's hash, overrides. */
  readonly gate: JsonObject;
}

export interface OutcomeRecord {
  readonly type: 'outcome';
  readonly step: string;
  readonly act: Act;
  readonly ok: boolean;
  readonly durationMs: number;
  readonly evidence?: JsonObject | undefined;
  readonly inspection?: Inspection | undefined;
  readonly error?: RecordedError | undefined;
  /** The operator stopped it (Ctrl-C): not a failure of the step, its effect is unknown. */
  readonly interrupted?: boolean | undefined;
}

/** What became of one alert in one channel: taken over by its receiver, or not. */
export interface AlertRecord {
  readonly type: 'alert';
  /** The same for every attempt at the same alert. */
  readonly id: string;
  readonly event: string;
  readonly channel: string;
  readonly delivered: boolean;
  readonly attempts: number;
  /** The receiver's answer, or why it has not got it. */
  readonly seen: string;
}

/**
 * How a run ended. One that is stuck or waiting has not ended: it can be resumed. One that succeeded can be rolled back
 * until its way back is closed (`finished`).
 */
export type Verdict = 'succeeded' | 'finished' | 'rolled-back' | 'failed-unchanged';

/** A sealed record: numbered, dated and chained to the one before. */
export interface JournalRecord {
  readonly n: number;
  /** UTC, ISO 8601 with milliseconds. */
  readonly at: string;
  /** `hash` of the record before, or 64 zeros. */
  readonly prev: string;
  readonly body: JournalBody;
  readonly hash: string;
}

export type { Json };
