import type { Receipt } from '../journal/receipt.ts';
import type { RunKind } from '../journal/record.ts';
import type { Plan } from '../runbook/plan.ts';
import type { Finding } from '../steps/step-kind.ts';

/** What a preflight check may look at. It changes nothing. */
export interface CheckContext {
  readonly plan: Plan;
  readonly planHash: string;
  readonly runKind: RunKind;
  readonly now: Date;
  readonly stateFolder: string;
  readonly receipts: readonly Receipt[];
  readonly spoiledReceipts: readonly string[];
  /** Receipt and window bind live runs; `roundtrip check` reports them as well. */
  readonly signal: AbortSignal;
}

/** One reason to refuse, in a file of its own. All checks run and are reported together. */
export interface Check {
  readonly name: string;
  /** Kinds of run that it applies to. */
  readonly appliesTo: readonly RunKind[];
  run(context: CheckContext): Promise<readonly Finding[]>;
}

export type { Finding };
