import type { LatencyCount } from './latency.ts';
import type { Tally } from './tally.ts';
import { eventOfNote } from './watch-event.ts';
import type { Slot } from './windows.ts';

/** Everything a watch knows: a pure fold over its samples, so that a restarted watch knows the same. */
export interface WatchState {
  readonly samples: number;
  /** Watch time of the newest sample; undefined before the first. */
  readonly atMs: number | undefined;
  /** Watch time with data. The watch ends when it reaches the plan's duration. */
  readonly coveredMs: number;
  /** Time without a request that counts as covered if one comes soon. */
  readonly silentMs: number;
  readonly gaps: readonly Gap[];
  /** All time lost to gaps; `gaps` itself keeps the newest hundred. */
  readonly lostMs: number;
  readonly slots: readonly Slot[];
  /** Over the whole watch, by source. */
  readonly totals: Readonly<Record<string, Tally>>;
  readonly latency: Readonly<Record<string, readonly LatencyCount[]>>;
  /** Sources that gave anything at all, and those whose traffic stopped. */
  readonly alive: Readonly<Record<string, true>>;
  readonly stopped: Readonly<Record<string, true>>;
  /** Newest value of each metric. */
  readonly gauges: Readonly<Record<string, Gauge>>;
  /** By row id; rows that never held are absent. */
  readonly rows: Readonly<Record<string, RowState>>;
  /** Alarms that are raised, by name, with the time since. */
  readonly alarms: Readonly<Record<string, number>>;
  readonly notes: readonly WatchNote[];
  /** Set once: the watch ends before its time. */
  readonly decision: WatchDecision | undefined;
}

/** Time without data: it does not count, and the watch lasts that much longer. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: string;
}

export interface Gauge {
  readonly atMs: number;
  readonly value: number;
  readonly list: readonly string[];
}

/** A row of the matrix that has held at least once. */
export interface RowState {
  readonly firstMs: number;
  readonly lastMs: number;
  /** Samples in a row in which it held; 0 when it does not hold now. */
  readonly streak: number;
  /** For MAYBE: when its owner must decide. Undefined while no timer runs. */
  readonly dueMs?: number | undefined;
  /** What was seen when it last held. */
  readonly seen: string;
}

/** Something people should read, once. */
export interface WatchNote {
  readonly atMs: number;
  readonly level: 'info' | 'investigate' | 'page' | 'decide';
  readonly text: string;
  /** For the timers of the matrix: what happened to one. */
  readonly event?: 'timer-started' | 'timer-expired' | 'timer-stopped' | undefined;
}

/** How the matrix ends a watch. */
export interface WatchDecision {
  readonly rollback: 'yes' | 'maybe';
  readonly reason: string;
  /** The row or alarm it comes from. */
  readonly row: string;
  /** Who decides, or who is told. */
  readonly owner: string;
  readonly action: string;
}

/** Before the first sample. */
export const EMPTY_WATCH: WatchState = {
  samples: 0,
  atMs: undefined,
  coveredMs: 0,
  silentMs: 0,
  gaps: [],
  lostMs: 0,
  slots: [],
  totals: {},
  latency: {},
  alive: {},
  stopped: {},
  gauges: {},
  rows: {},
  alarms: {},
  notes: [],
  decision: undefined,
};

const NOTES_MAX = 1_000;
const LOUD_NOTES_MAX = 2_000;

/**
 * Adds a note; beyond a thousand, a watch has said all that anyone will read. What people must be told still gets
 * through: a source that came and went all night must not be why nobody heard of a timer.
 */
export function addNote(state: WatchState, note: Omit<WatchNote, 'atMs'>): WatchState {
  const added: WatchNote = { atMs: state.atMs ?? 0, ...note };
  const notesMax = eventOfNote(added) === undefined ? NOTES_MAX : LOUD_NOTES_MAX;
  return state.notes.length >= notesMax ? state : { ...state, notes: [...state.notes, added] };
}
