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
  /** Orders that the shop acknowledged from the first step to the last, and those of them that are gone. */
  readonly ordersPlaced: number;
  readonly ordersLost: number;
  /** Of these, orders of the new release, some of them for goods that the old one has never seen. */
  readonly ordersOnNewRelease: number;
  /** The longest that a customer waited at the switch and at its undo; null where the shop was closed for the night. */
  readonly switchGapMs: number | null;
  readonly rollbackGapMs: number | null;
  readonly rollbackMs: number | null;
  readonly report: Report;
  readonly rehearsal: Report;
  readonly reportProblems: readonly string[];
}
