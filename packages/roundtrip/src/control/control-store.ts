import type { JournalStore } from '../journal/journal-file.ts';
import type { Receipt } from '../journal/receipt.ts';
import type { StateFolder } from '../journal/run-directory.ts';
import type { Plan } from '../runbook/plan.ts';
import type { LockHolder } from './operator-lock.ts';
import type { RunFiles } from './run-files.ts';

/**
 * Where runs live: their plans, journals, receipts and the lock of the one operator. The folder of state is one, for one
 * machine; a PostgreSQL cluster apart from the migrated one is another, for operators on several.
 *
 * Whoever looks reads the folder of state of their machine. It is the truth itself, or a copy that `refresh` brings up to date.
 */
export interface ControlStore {
  /** For messages: "the state folder /srv/roundtrip". Never a secret. */
  readonly name: string;
  readonly state: StateFolder;
  /** The cluster that it lives in: it must not be the one that is migrated. Undefined for a folder. */
  readonly systemIdentifier: string | undefined;
  /** Files whose passwords must never leave the process. */
  readonly passwordFiles: readonly string[];
  /**
   * Brings the folder of state to what the store holds, every chain verified.
   *
   * @throws Refused `journal-edited`, `journal-diverged`; Failed `control-store-unreachable`.
   */
  refresh(): Promise<void>;
  /**
   * Takes the lock of the one operator. Only who holds it can append.
   *
   * @throws Refused `locked`, naming the holder.
   */
  hold(holding: Holding): Promise<HeldStore>;
  /** Who holds the lock, and whether they may still be at work. */
  holder(): Promise<{ readonly holder: LockHolder; readonly isAlive: boolean } | undefined>;
  /** Takes the lock from whoever holds it: `roundtrip unlock`, after a human made sure. */
  breakLock(): Promise<void>;
}

/** Who wants the lock, and what for. */
export interface Holding {
  readonly operator: string;
  readonly verb: string;
  readonly now: () => Date;
  /** A line for the operator, such as that the store does not answer and is asked again. */
  readonly say?: ((line: string) => void) | undefined;
}

/** A store in the hands of its one operator. */
export interface HeldStore {
  /** Aborted when the lock is lost: somebody else may hold it by now. */
  readonly lost: AbortSignal;
  /** Keeps the plan of a new run and begins its journal. */
  begin(runId: string, plan: Plan): Promise<JournalStore>;
  /**
   * The journal of a run, verified from its first record.
   *
   * @throws Refused `journal-missing`, `journal-edited`, `journal-diverged`.
   */
  open(runId: string): Promise<JournalStore>;
  /** Where the files of a run that was begun or opened are. */
  files(runId: string): Promise<RunFiles>;
  keepReceipt(receipt: Receipt): Promise<void>;
  release(): Promise<void>;
}
