import type { Inspection, RunKind } from '../journal/record.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Plan } from '../runbook/plan.ts';
import type { StepSpec } from '../runbook/step-spec.ts';

/** One thing that a preflight check found. */
export interface Finding {
  /** Stable code, an entry of `docs/errors.md`. */
  readonly code: string;
  readonly severity: 'refusal' | 'warning';
  readonly seen: string;
  readonly expected: string;
  /** What cures it. */
  readonly cure: string;
}

/** What a step may use. Effects go through here, so that a test can watch them. */
export interface StepContext {
  readonly plan: Plan;
  readonly step: StepSpec;
  readonly runId: string;
  readonly runKind: RunKind;
  /** A folder of this run for dumps, logs and outputs; 0700. */
  readonly runDirectory: string;
  /** Aborted when the operator interrupts, the deadline passes or the lock is lost. */
  readonly signal: AbortSignal;
  /** Milliseconds left for this act. */
  readonly timeoutMs: number;
  /** What an earlier step left as evidence; `{}` when it left none. */
  evidenceOf(stepId: string): JsonObject;
  /** Evidence of the first step of a kind. */
  evidenceOfKind(kind: string): JsonObject;
  /** What the undo of the first step of a kind left as evidence, for a step that is undone after it. */
  undoEvidenceOfKind(kind: string): JsonObject;
  /** Facts this very act noted durably before it was interrupted, by name. */
  readonly marks: Readonly<Record<string, JsonObject>>;
  /** What `do` of this step noted: for an `undo` whose `do` never reached its outcome. */
  readonly marksOfDo: Readonly<Record<string, JsonObject>>;
  /** Notes a fact durably, between two effects of one act: awaited before the next of them begins. */
  mark(name: string, data: JsonObject): void | Promise<void>;
  /** A line for people; goes to the log and the terminal, redacted. */
  log(line: string): void;
  now(): Date;
}

/**
 * One kind of step: `do` and `undo` are idempotent, `verify` does not reuse `do`'s code path, `inspect` tells
 * whether an effect whose outcome was lost has happened. Arguments are plain data.
 */
export interface StepKind<Args extends JsonObject = JsonObject> {
  readonly kind: string;
  /** Preflight: looks, changes nothing, reports all it finds. */
  check?(context: StepContext, args: Args): Promise<readonly Finding[]>;
  inspect(context: StepContext, args: Args): Promise<Inspection>;
  do(context: StepContext, args: Args): Promise<JsonObject>;
  verify(context: StepContext, args: Args): Promise<JsonObject>;
  undo?(context: StepContext, args: Args): Promise<JsonObject>;
  /** Lets go of what the step kept for the way back. Idempotent. */
  finish?(context: StepContext, args: Args): Promise<JsonObject>;
  inspectUndo?(context: StepContext, args: Args): Promise<Inspection>;
}

/** The kinds a run knows, by name. Tests inject faulty ones here. */
export type StepKinds = ReadonlyMap<string, StepKind>;

/** Forgets the type of a kind's arguments: the builder beside it is what guarantees them. */
export function anyStepKind<Args extends JsonObject>(kind: StepKind<Args>): StepKind {
  return kind as unknown as StepKind;
}

export type { Json, JsonObject };
