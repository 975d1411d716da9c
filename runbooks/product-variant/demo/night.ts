import type { Report } from 'roundtrip/cli';
import type { Facts } from './facts.ts';
import type { Stage } from './shop-stage.ts';

/** What one demo showed. */
export interface Night {
  readonly stage: Stage;
  readonly exitCode: number;
  readonly before: Facts;
  readonly afterRun: Facts;
  readonly afterRollback: Facts;
  /** Orders that the new release acknowledged before the rollback, and those of them that it lost. */
  readonly ordersPlaced: number;
  readonly ordersLost: number;
  readonly rollbackMs: number | null;
  readonly report: Report;
  readonly rehearsal: Report;
  readonly reportProblems: readonly string[];
}
