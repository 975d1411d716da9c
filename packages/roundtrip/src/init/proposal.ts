import type { DatabaseAddress } from '../postgres/connection.ts';
import type { DatabaseFacts } from './database-facts.ts';
import type { DurationEstimate } from './estimate-durations.ts';
import type { MigrationTool } from './migration-tool.ts';
import type { StrategyProposal } from './propose-strategy.ts';
import type { TableProposal } from './propose-tables.ts';

/** Everything that `init` proposes, as data: what is written to files and what `--json` prints come from it. */
export interface Proposal {
  /** Without its password, which no file that is written holds. */
  readonly address: Omit<DatabaseAddress, 'passwordFile'>;
  /** As `targets.json` names it; undefined where no password was needed. */
  readonly passwordFile?: string | undefined;
  readonly facts: DatabaseFacts;
  readonly tables: readonly TableProposal[];
  /** The likeliest first; never empty. */
  readonly tools: readonly MigrationTool[];
  /** From the folder of the runbook to the project, "." where they are one. */
  readonly project: string;
  readonly estimate: DurationEstimate;
  readonly strategy: StrategyProposal;
  /** UTC day, "2026-11-24". */
  readonly day: string;
}
