import { formatMs } from '../runbook/duration.ts';
import { judgeAlarms, judgeLoad } from './judge-alarms.ts';
import { describeCondition, isErrorRate, isLatency, type MatrixRow } from './matrix.ts';
import type { SettledWatch } from './settled-watch.ts';
import { addNote, type RowState, type WatchState } from './watch-state.ts';
import { type Holding, isSilentNow, whatHolds } from './what-holds.ts';

/** YES must hold in two samples in a row: one sample may be one hiccup of one machine. */
const SAMPLES_IN_A_ROW = 2;
/** A row is over once it has not held for this long; shorter pauses do not restart its timer. */
const CALM_MS = 600_000;
const TIMER_MS = 3_600_000;

/**
 * What the matrix and the alarm windows say after a sample: notes, timers, and the decision that ends the watch. The
 * first decision stands.
 *
 * @param fresh Metrics that this very sample gave; an old value proves nothing about now.
 */
export function judgeMatrix(
  settled: SettledWatch,
  state: WatchState,
  fresh: ReadonlySet<string>,
): WatchState {
  if (state.decision !== undefined) return state;
  let next = state;
  for (const row of settled.matrix) next = judgeRow(settled, next, row, fresh);
  return judgeAlarms(settled, judgeLoad(settled, next));
}

function judgeRow(
  settled: SettledWatch,
  state: WatchState,
  row: MatrixRow,
  fresh: ReadonlySet<string>,
): WatchState {
  const { condition } = row;
  // A failed step ends the run before there is anything to watch.
  if ('event' in condition) return state;
  if (!isErrorRate(condition) && !isLatency(condition) && !fresh.has(condition.metric)) return state;
  const seen = whatHolds(settled, state, condition);
  if (seen !== undefined) return hold(state, row, seen);
  return isErrorRate(condition) && isSilentNow(state) ? state : calmDown(state, row);
}

function hold(state: WatchState, row: MatrixRow, seen: Holding): WatchState {
  const atMs = state.atMs ?? 0;
  const earlier = state.rows[row.id];
  // After a pause, a gap included, it is a new episode: neither its samples nor its timer go on from the old one.
  const before = earlier !== undefined && atMs - earlier.lastMs <= CALM_MS ? earlier : undefined;
  const timerMs = row.timerMs ?? TIMER_MS;
  const held: RowState = {
    firstMs: earlier?.firstMs ?? atMs,
    lastMs: atMs,
    streak: (before?.streak ?? 0) + 1,
    dueMs: row.rollback === 'maybe' ? (before?.dueMs ?? atMs + timerMs) : undefined,
    seen: seen.text,
  };
  let next: WatchState = { ...state, rows: { ...state.rows, [row.id]: held } };
  const head = `${describeCondition(row.condition)}: ${seen.text}`;
  if (row.rollback === 'no') {
    return earlier?.seen !== seen.text
      ? addNote(next, { level: 'info', text: `${head}. ${row.action} (${row.owner})` })
      : next;
  }
  if (row.rollback === 'maybe') {
    if (before?.dueMs === undefined) {
      const text = `${head}. ${row.action}: ${row.owner} decides in ${formatMs(timerMs)}`;
      next = addNote(next, { level: 'page', text, event: 'timer-started' });
    }
    if (atMs < (held.dueMs ?? Infinity)) return next;
    const text = `${head}. The time is up: ${row.owner} decides now`;
    return decide(addNote(next, { level: 'decide', text, event: 'timer-expired' }), row, head, 'maybe');
  }
  if (before === undefined)
    next = addNote(next, { level: 'decide', text: `${head}. ${row.action} (${row.owner})` });
  if (held.streak < SAMPLES_IN_A_ROW) return next;
  if (!seen.asBadBefore) return decide(next, row, head, 'yes');
  return decide(
    next,
    row,
    `${head}; it was as bad before the change, so going back may cure nothing`,
    'maybe',
  );
}

function decide(state: WatchState, row: MatrixRow, reason: string, rollback: 'yes' | 'maybe'): WatchState {
  return { ...state, decision: { rollback, reason, row: row.id, owner: row.owner, action: row.action } };
}

function calmDown(state: WatchState, row: MatrixRow): WatchState {
  const before = state.rows[row.id];
  if (before === undefined || (before.streak === 0 && before.dueMs === undefined)) return state;
  const isOver = (state.atMs ?? 0) - before.lastMs > CALM_MS;
  const after: RowState = { ...before, streak: 0, dueMs: isOver ? undefined : before.dueMs };
  const next = { ...state, rows: { ...state.rows, [row.id]: after } };
  if (!isOver || before.dueMs === undefined) return next;
  return addNote(next, {
    level: 'info',
    event: 'timer-stopped',
    text: `${describeCondition(row.condition)}: over, the timer is stopped`,
  });
}
