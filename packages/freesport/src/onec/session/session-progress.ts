import type { Client } from 'pg';
import type { ImportProgress } from '../import-progress.ts';
import { reportProgress } from './import-session.ts';

const PROGRESS_EVERY_MS = 1_000;

/** Writes progress into the session once a second, never two writes at a time. */
export class SessionProgress {
  readonly #control: Client;
  readonly #sessionId: number;
  readonly #onProgress: ((progress: ImportProgress) => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failure: unknown;
  #busy = false;
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(
    control: Client,
    sessionId: number,
    onProgress: ((progress: ImportProgress) => void) | undefined,
  ) {
    this.#control = control;
    this.#sessionId = sessionId;
    this.#onProgress = onProgress;
  }

  tell(progress: ImportProgress): void {
    this.#onProgress?.(progress);
    // The last statement of the merge holds the session's row until COMMIT: nothing more is written from here then.
    const last = progress.stage === 'merging' && progress.step === 'session';
    if (last || this.#busy || performance.now() - this.#writtenAt < PROGRESS_EVERY_MS) return;
    this.#busy = true;
    this.#writtenAt = performance.now();
    this.#writing = reportProgress(this.#control, this.#sessionId, { progress }).then(
      () => {
        this.#busy = false;
      },
      (error: unknown) => {
        this.#failure ??= error;
      },
    );
  }

  /** Waits for the last write. A failed one means that the lock's connection is gone, and with it the lock. */
  async settled(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }
}
