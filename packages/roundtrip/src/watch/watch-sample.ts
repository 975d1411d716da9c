import type { LatencyCount } from './latency.ts';

/** One round over all sources. One line of the samples file, and all that a verdict rests on. */
export interface WatchSample {
  /** Watch time since the watch began. */
  readonly atMs: number;
  /** Real time, UTC, ISO 8601. A restarted watch tells by it how long it was away. */
  readonly at: string;
  readonly readings: readonly SourceReading[];
}

/** What one source gave in one round: data, or the reason why there is none. Never both. */
export type SourceReading = MissingReading | DataReading;

/** No data: unreachable, stale, NaN, cut off. Never taken for "no errors". */
export interface MissingReading {
  readonly source: string;
  readonly missing: string;
}

export interface DataReading {
  readonly source: string;
  /** Requests since the reading before, whole numbers. */
  readonly requests?: number | undefined;
  readonly errors?: number | undefined;
  /** Lines of our own probes that a log held: not counted, but they show that the log is alive. */
  readonly probes?: number | undefined;
  readonly latency?: readonly LatencyCount[] | undefined;
  /** Metrics by name. */
  readonly values?: Readonly<Record<string, number>> | undefined;
  /** What a metric counted, by metric name, shortened: the colours without a mapping. */
  readonly lists?: Readonly<Record<string, readonly string[]>> | undefined;
}

/**
 * A reading with numbers that can be judged; anything else becomes missing data, with what was seen.
 *
 * @example soundReading({ source: 'api', requests: Number.NaN }) // { source: 'api', missing: 'requests is NaN' }
 */
export function soundReading(reading: SourceReading): SourceReading {
  if ('missing' in reading) return reading;
  const { source, requests = 0, errors = 0, latency = [], values = {} } = reading;
  const counts: readonly (readonly [string, number])[] = [
    ['requests', requests],
    ['errors', errors],
    ...latency.map(([, to, count]): [string, number] => [`count of latencies up to ${to ?? '∞'} ms`, count]),
  ];
  const wrong = counts.find(([, value]) => !Number.isSafeInteger(value) || value < 0);
  if (wrong !== undefined) return { source, missing: `${wrong[0]} is ${wrong[1]}` };
  if (errors > requests) return { source, missing: `${errors} errors of ${requests} requests` };
  // JSON has no NaN: what was NaN before a restart comes back as null.
  const broken = Object.entries(values).find(([, value]) => !Number.isFinite(value));
  return broken === undefined ? reading : { source, missing: `${broken[0]} is ${broken[1]}` };
}
