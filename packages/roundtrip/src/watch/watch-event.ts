import type { WatchResult } from './conclude-watch.ts';
import type { WatchNote } from './watch-state.ts';

/** Name of the mark by which a watch in a run keeps its events in the journal. */
export const WATCH_EVENT_MARK = 'watch-event';

/** Something a watch noticed that people are told at once, wherever they are. Plain data. */
export interface WatchEvent {
  readonly event:
    | 'verdict-changed'
    | 'timer-started'
    | 'timer-expired'
    | 'timer-stopped'
    | 'alarm'
    | 'watch-ended';
  readonly level: WatchNote['level'];
  readonly text: string;
  /** Watch time. */
  readonly atMs: number;
  /** How far the watch has told: a restarted one goes on behind it, and tells nothing twice. */
  readonly told: Told;
}

/** What has been told of a watch: so many of its notes, and this standing. */
export interface Told {
  readonly notes: number;
  readonly standing: Standing;
}

/** How a watch stands so far; at its end it has a verdict. Same words as for a goal. */
export type Standing = 'held' | 'open' | 'broken';

/** Before anything was told. */
export const NOTHING_TOLD: Told = { notes: 0, standing: 'open' };

/**
 * The event that a note is, if it is one: timers, and what a person should look at now. Gaps and progress are not.
 *
 * @example eventOfNote({ atMs: 0, level: 'page', text: '…' }) // 'alarm'
 */
export function eventOfNote({ event, level }: WatchNote): WatchEvent['event'] | undefined {
  if (event !== undefined) return event;
  return level === 'page' || level === 'decide' ? 'alarm' : undefined;
}

/** The last event of a watch: its verdict, with the counts it rests on. */
export function endedEvent(result: WatchResult, told: Told = NOTHING_TOLD): WatchEvent {
  const { verdict, reason, requests, errors, elapsedMs } = result;
  const level = verdict === 'pass' ? 'info' : verdict === 'fail' ? 'decide' : 'page';
  const text = `${verdict.toUpperCase()} after ${requests} requests with ${errors} errors: ${reason}`;
  return { event: 'watch-ended', level, text, atMs: elapsedMs, told };
}
