import { mergeTallies, type Tally } from './tally.ts';

/** Errors over a long window, confirmed by a short one so that what is already over raises nothing. */
export interface AlarmWindow {
  readonly name: 'fast' | 'medium' | 'slow';
  /** Times the goal: 14.4 × 1 % is 14.4 %. */
  readonly factor: number;
  readonly windowMs: number;
  readonly confirmMs: number;
  readonly asks: 'decide' | 'page' | 'investigate';
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * The windows of a 24 h watch (the burn rates of the SRE Workbook, chapter 5, scaled from 30 days to one). The fourth,
 * 1 % over 24 h, is the goal itself and is judged at the end.
 */
export const ALARM_WINDOWS: readonly AlarmWindow[] = [
  { name: 'fast', factor: 14.4, windowMs: 10 * MINUTE_MS, confirmMs: MINUTE_MS, asks: 'decide' },
  { name: 'medium', factor: 6, windowMs: HOUR_MS, confirmMs: 5 * MINUTE_MS, asks: 'page' },
  { name: 'slow', factor: 2, windowMs: 6 * HOUR_MS, confirmMs: 30 * MINUTE_MS, asks: 'investigate' },
];

/** How far back any window looks; older slots are only in the totals. */
export const WINDOW_MS_MAX = 6 * HOUR_MS;

/** What all sources gave in about ten seconds of watch time. */
export interface Slot {
  readonly atMs: number;
  readonly tallies: Readonly<Record<string, Tally>>;
}

const SLOT_MS = 10_000;

/** Slots with one more sample in them; those that no window reaches any more are dropped. */
export function addSlot(slots: readonly Slot[], slot: Slot): readonly Slot[] {
  const last = slots.at(-1);
  if (last !== undefined && Math.floor(last.atMs / SLOT_MS) === Math.floor(slot.atMs / SLOT_MS)) {
    return [...slots.slice(0, -1), { atMs: slot.atMs, tallies: mergeTallies(last.tallies, slot.tallies) }];
  }
  const oldest = slots[0];
  const outgrown = oldest !== undefined && oldest.atMs <= slot.atMs - WINDOW_MS_MAX;
  return [...(outgrown ? slots.filter(({ atMs }) => atMs > slot.atMs - WINDOW_MS_MAX) : slots), slot];
}

/**
 * What some sources counted together in the last `windowMs` before `atMs`.
 *
 * @example tallyWithin(slots, { atMs, windowMs: 600_000, sources: ['api'], limits: 2 })
 */
export function tallyWithin(
  slots: readonly Slot[],
  window: {
    readonly atMs: number;
    readonly windowMs: number;
    readonly sources: readonly string[];
    /** Number of latency limits of the watch. */
    readonly limits: number;
  },
): Tally {
  let requests = 0;
  let errors = 0;
  let timed = 0;
  const overCertain = new Array<number>(window.limits).fill(0);
  const overPossible = new Array<number>(window.limits).fill(0);
  // Newest first, and by hand: this is the inner loop of a watch that looks at six hours every few seconds.
  for (let i = slots.length - 1; i >= 0; i--) {
    const slot = slots[i];
    if (slot === undefined || slot.atMs <= window.atMs - window.windowMs) break;
    for (const source of window.sources) {
      const tally = slot.tallies[source];
      if (tally === undefined) continue;
      requests += tally.requests;
      errors += tally.errors;
      timed += tally.timed;
      if (tally.timed === 0) continue;
      for (let limit = 0; limit < window.limits; limit++) {
        overCertain[limit] = (overCertain[limit] ?? 0) + (tally.overCertain[limit] ?? 0);
        overPossible[limit] = (overPossible[limit] ?? 0) + (tally.overPossible[limit] ?? 0);
      }
    }
  }
  return { requests, errors, timed, overCertain, overPossible };
}
