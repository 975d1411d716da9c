/** One figure that is asked for, with its limit. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly limit: number;
  readonly direction: 'max' | 'min';
  readonly holds: boolean;
}

/** A bar that holds when the value is on the right side of its limit; a value that is none never holds. */
export function bar(options: Omit<Bar, 'holds'>): Bar {
  const { value, limit, direction } = options;
  return { ...options, holds: direction === 'max' ? value <= limit : value >= limit };
}

/** The middle of three or more measurements. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
