import type { Phase } from 'commerceml';
import type { ImportMode } from '../import-mode.ts';
import type { DeclaredPriceType } from '../names/price-role.ts';
import type { StagingChunk } from './chunk-writer.ts';
import type { ReadingSummary } from './exchange-summary.ts';
import type { PartTable } from './staging-schema.ts';

/** What a reading of an exchange is told. */
export interface StageRequest {
  /** A folder, or paths of files. */
  readonly source: string | { readonly files: readonly string[] };
  readonly mode: ImportMode;
  /** Ids of the property `Бренд` that earlier exchanges have declared. */
  readonly brandPropertyIds: readonly string[];
  /** Names of `color_mappings`. */
  readonly knownColors: readonly string[];
  /** Price types of earlier exchanges. */
  readonly knownPriceTypes: readonly DeclaredPriceType[];
  /** Ids of warehouses of earlier exchanges. */
  readonly knownWarehouses: readonly string[];
  /** Ids of groups of earlier exchanges. */
  readonly knownGroups: readonly string[];
  /** Records are numbered from here. */
  readonly firstOrd?: number | undefined;
  /**
   * What is read side by side by several readings: each gives the parts of keys that it finds (see `PartMerge`) instead of rows.
   * Streams are read in turns, files of one after the other. Unless given, everything is one stream and one reading.
   */
  readonly streams?: readonly PartStream[] | undefined;
  /**
   * Price types and warehouses that have a column in staging, in this order. Given to every reading of an exchange that
   * is read by several: figures of others then go to the tables of extras by their id.
   */
  readonly numbering?: StageNumbering | undefined;
}

/** Files that are read one after the other for a part of what is staged. */
export interface PartStream {
  readonly phases: readonly Phase[];
  readonly part: PartTable;
}

/** Ids by their column number in staging. */
export interface StageNumbering {
  readonly priceTypes: readonly string[];
  readonly warehouses: readonly string[];
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
  /** No more of this part will come. */
  | { readonly type: 'ended'; readonly part: PartTable }
  | { readonly type: 'progress'; readonly progress: StageProgress }
  | { readonly type: 'done'; readonly summaries: readonly ReadingSummary[] };
