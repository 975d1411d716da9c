import type { WatchSample } from './watch-sample.ts';

/** Tells the watch time and the real time of the next sample. */
export type WatchClock = () => Pick<WatchSample, 'at' | 'atMs'>;

/**
 * Watch time from real time, `speed` times as fast, going on from the newest sample of an interrupted watch. It follows
 * whichever clock went further since the sample before: the wall clock sees a suspended machine and the time between two
 * processes, the monotonic one still runs when somebody sets the wall clock back. Both errors are safe: a jump ahead is
 * a gap, which only makes the watch longer.
 *
 * @example const clock = watchClock({ now: () => new Date(), speed: 1, last: undefined }); clock().atMs // 0
 */
export function watchClock(options: {
  readonly now: () => Date;
  readonly speed: number;
  readonly last: Pick<WatchSample, 'at' | 'atMs'> | undefined;
}): WatchClock {
  const { now, speed } = options;
  let last = options.last;
  let monotonicMs: number | undefined;
  return () => {
    const wall = now();
    const monotonic = performance.now();
    const elapsedMs = Math.max(
      0,
      last === undefined ? 0 : wall.getTime() - Date.parse(last.at),
      monotonicMs === undefined ? 0 : monotonic - monotonicMs,
    );
    monotonicMs = monotonic;
    last = { at: wall.toISOString(), atMs: Math.round((last?.atMs ?? 0) + elapsedMs * speed) };
    return last;
  };
}
