import type { CommerceMlErrorCode } from 'commerceml';
import type { StagingChunk } from './chunk-writer.ts';
import type { StageMessage } from './stage-message.ts';

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

/** To the worker: a chunk is in the database or with its key; its buffer comes back to be filled again. */
export interface ToWorker {
  readonly table: StagingChunk['table'];
  readonly takenBytes: number;
  readonly buffer: ArrayBuffer;
}
