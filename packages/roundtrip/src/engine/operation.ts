import type { ControlStore, HeldStore } from '../control/control-store.ts';
import type { RunState } from '../journal/fold.ts';
import type { Receipt } from '../journal/receipt.ts';
import type { Plan } from '../runbook/plan.ts';
import type { StepKinds } from '../steps/step-kind.ts';
import type { Execution, Halt } from './execute.ts';

/** What every verb that acts is given. */
export interface Operation {
  readonly store: ControlStore;
  readonly kinds: StepKinds;
  readonly operator: string;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly onRecord?: Execution['onRecord'];
  readonly onBoundary?: Execution['onBoundary'];
  readonly onLog?: ((line: string, step: string) => void) | undefined;
  /** Told the plan before the first record, for a display that needs it. */
  readonly onPlan?: ((plan: Plan) => void) | undefined;
  /** Replaces secrets in lines that leave the process. */
  readonly redact: (text: string) => string;
}

/** An operation of the one operator who holds the lock. */
export interface HeldOperation extends Operation {
  readonly held: HeldStore;
}

/** How a verb left its run. */
export interface RunResult {
  readonly runId: string;
  readonly plan: Plan;
  readonly state: RunState;
  readonly halt: Halt;
  readonly receipt?: Receipt | undefined;
}

/** An exception to a guard, typed by a person and kept in the journal. */
export interface Override {
  readonly what: 'receipt' | 'window';
  readonly reason: string;
}
