import type { JsonObject } from '../../json.ts';

/** What the charts of the watch draw. Times are watch time in milliseconds since the watch began. */
export interface WatchView {
  readonly step: string;
  readonly durationMs: number;
  readonly coveredMs: number;
  readonly atMs: number;
  readonly lostMs: number;
  readonly samples: number;
  readonly requests: number;
  readonly errors: number;
  readonly bins: WatchBins;
  readonly limits: WatchLimits;
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number; readonly reason: string }[];
  readonly goals: readonly {
    readonly goal: string;
    readonly result: string;
    readonly seen: string;
  }[];
  readonly rows: readonly {
    readonly id: string;
    readonly condition: string;
    readonly rollback: string;
    readonly held: boolean;
    readonly seen: string | null;
  }[];
  readonly notes: readonly { readonly atMs: number; readonly level: string; readonly text: string }[];
  readonly verdict: { readonly verdict: string; readonly reason: string } | null;
  /** Why there are no samples to draw, where they cannot be read. */
  readonly problem: string | null;
}

/** One array a quantity, one element a bin; null where a bin has no data, which is never drawn as zero. */
export interface WatchBins {
  readonly atMs: readonly number[];
  readonly requests: readonly number[];
  readonly errorShare: readonly (number | null)[];
  /** Upper edge of the bucket that holds the 95th percentile of the bin. */
  readonly p95Ms: readonly (number | null)[];
  readonly cpu: readonly (number | null)[];
  readonly memory: readonly (number | null)[];
}

/** The lines that the charts draw, from the goals and the matrix. Shares are 0 to 1. */
export interface WatchLimits {
  readonly errorShare: readonly { readonly value: number; readonly label: string }[];
  readonly latencyMs: readonly { readonly value: number; readonly label: string }[];
  readonly load: readonly { readonly value: number; readonly label: string }[];
}

/** A watch result as a step's evidence or mark keeps it. */
export type RecordedWatch = JsonObject & {
  readonly verdict?: string | undefined;
  readonly reason?: string | undefined;
};
