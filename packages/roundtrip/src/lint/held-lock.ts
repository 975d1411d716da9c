import type { LockMode } from './lock-mode.ts';

/** A lock as a rehearsal saw it: from the first look that found it granted to the last. */
export interface HeldLock {
  /** "public.orders". */
  readonly relation: string;
  readonly mode: LockMode;
  /** Milliseconds, to the length of one look. */
  readonly heldMs: number;
}
