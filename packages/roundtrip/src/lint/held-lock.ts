import type { LockMode } from './lock-mode.ts';

/** A lock as a rehearsal saw it. */
export interface HeldLock {
  /** "public.orders". */
  readonly relation: string;
  readonly mode: LockMode;
  /**
   * Milliseconds, at most: from the last look before it was seen to the first one after. Too long rather than too short, by two
   * looks.
   */
  readonly heldMsMax: number;
}

/** A held lock with the step of the rehearsal whose command held it. */
export interface StepLock extends HeldLock {
  readonly step: string;
}
