import type { ImportMode } from '../import-mode.ts';
import type { StagingChunk } from './chunk-writer.ts';
import type { ExchangeSummary } from './exchange-summary.ts';

/** What a reading of an exchange is told. */
export interface StageRequest {
  /** A folder, or paths of files. */
  readonly source: string | { readonly files: readonly string[] };
  readonly mode: ImportMode;
  /** Ids of the property `Бренд` that earlier exchanges have declared. */
  readonly brandPropertyIds: readonly string[];
  /** Names of `color_mappings`. */
  readonly knownColors: readonly string[];
}

/** How far a reading is. `records` and `bytes` never go down. */
export interface StageProgress {
  readonly file: string;
  readonly phase: string;
  readonly records: number;
  readonly bytes: number;
  readonly bytesTotal: number;
}

/** What a reading says, in the order of the exchange. */
export type StageMessage =
  | { readonly type: 'chunk'; readonly chunk: StagingChunk }
  | { readonly type: 'progress'; readonly progress: StageProgress }
  | { readonly type: 'done'; readonly summary: ExchangeSummary };
