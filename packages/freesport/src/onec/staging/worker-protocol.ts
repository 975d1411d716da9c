import type { CommerceMlErrorCode } from 'commerceml';
import type { StageMessage } from './stage-message.ts';

/** How far the reader may be ahead of COPY: enough to keep both cores busy, little enough for flat memory. */
export const STAGED_AHEAD_BYTES = 2 * 1024 * 1024;

/** The place of a `CommerceMlError`, to build it anew on the other side. */
export interface ErrorPlace {
  readonly reason: string;
  readonly code: CommerceMlErrorCode;
  readonly file: string;
  readonly offset: number;
  readonly line: number | undefined;
}

/** From the worker: what it read, or why it stopped. */
export type FromWorker =
  | StageMessage
  | {
      readonly type: 'failed';
      readonly message: string;
      readonly stack: string | undefined;
      readonly place: ErrorPlace | undefined;
    };

/** To the worker: a chunk is in the database; its buffer comes back to be filled again. */
export interface ToWorker {
  readonly copiedBytes: number;
  readonly buffer: ArrayBuffer;
}
