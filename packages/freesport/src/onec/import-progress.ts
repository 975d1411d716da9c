import type { StageProgress } from './staging/stage-message.ts';

/** Where an import is: reading, or a named step of the merge. */
export type ImportProgress =
  | ({ readonly stage: 'reading' } & StageProgress)
  | { readonly stage: 'merging'; readonly step: string };
