import type { Receipt } from '../journal/receipt.ts';
import type { RunKind } from '../journal/record.ts';
import type { Client } from '../postgres/connection.ts';
import type { Plan } from '../runbook/plan.ts';
import type { Finding } from '../steps/step-kind.ts';

/** What a preflight check may look at. It changes nothing. */
export interface CheckContext {
  readonly plan: Plan;
  readonly planHash: string;
  readonly runKind: RunKind;
  readonly now: Date;
  readonly stateFolder: string;
  /** Where the runs are kept, with the cluster that it lives in; none for a folder. */
  readonly controlStore?:
    | { readonly name: string; readonly systemIdentifier: string | undefined }
    | undefined;
  readonly receipts: readonly Receipt[];
  readonly spoiledReceipts: readonly string[];
  /** Receipt and window bind live runs; `roundtrip check` reports them as well. */
  readonly signal: AbortSignal;
  /**
   * The one session that the checks share: on the target's database, in a rehearsal on the maintenance database of its
   * cluster, since the target's own is made by the first step.
   */
  session(): Promise<Client>;
}

/** What `preflight` is asked with; the session is its own to open and to end. */
export type PreflightContext = Omit<CheckContext, 'session'>;

/** One reason to refuse, in a file of its own. All checks run and are reported together. */
export interface Check {
  readonly name: string;
  /** Kinds of run that it applies to. */
  readonly appliesTo: readonly RunKind[];
  run(context: CheckContext): Promise<readonly Finding[]>;
}

export type { Finding };
