import { formatMs } from '../runbook/duration.ts';
import { isErrorRate } from './matrix.ts';
import type { SettledWatch } from './settled-watch.ts';
import { judgeShare, percent } from './verdict.ts';
import { addNote, type WatchState } from './watch-state.ts';
import { REQUESTS_MIN, within } from './what-holds.ts';
import { ALARM_WINDOWS } from './windows.ts';

const CONFIDENCE = 0.95;
/** To be looked at by a person, a few broken requests in an hour are enough. */
const PAGED_REQUESTS_MIN = 5;

/** Raises and ends the alarms of the burn-rate windows; "decide now" ends the watch when no row has. */
export function judgeAlarms(settled: SettledWatch, state: WatchState): WatchState {
  const goal = settled.plan.goals.find(({ metric }) => metric === 'errorRate');
  if (goal === undefined) return state;
  let next = state;
  for (const alarm of ALARM_WINDOWS) {
    const limit = Math.min(goal.max * alarm.factor, 0.99);
    const burning = settled.units.find((sources) => {
      const confirm = within(settled, state, sources, alarm.confirmMs);
      if (confirm.errors <= confirm.requests * limit) return false;
      const now = within(settled, state, sources, alarm.windowMs);
      if (now.requests < (alarm.asks === 'decide' ? REQUESTS_MIN : PAGED_REQUESTS_MIN)) return false;
      return judgeShare({ ...now, limit, confidence: CONFIDENCE }) === 'above';
    });
    const name = `${alarm.name} window`;
    const text = `errors above ${percent(limit)} over ${formatMs(alarm.windowMs)}, confirmed by ${formatMs(alarm.confirmMs)}`;
    next = setAlarm(next, { name, level: alarm.asks, text, isRaised: burning !== undefined });
    // Raised in an earlier sample already, as a row of the matrix must be: it may know better what to do.
    const stands = burning !== undefined && state.alarms[name] !== undefined;
    if (!stands || alarm.asks !== 'decide' || next.decision !== undefined) continue;
    next = {
      ...next,
      decision: {
        rollback: 'maybe',
        reason: text,
        row: name,
        owner: settled.matrix.find(({ condition }) => isErrorRate(condition))?.owner ?? 'DevOps',
        action: 'Decide now',
      },
    };
  }
  return next;
}

/** CPU and memory alert while they are above their goal; they decide nothing. */
export function judgeLoad(settled: SettledWatch, state: WatchState): WatchState {
  let next = state;
  for (const goal of settled.plan.goals) {
    if (goal.metric !== 'cpu' && goal.metric !== 'memory') continue;
    const gauge = state.gauges[goal.metric];
    if (gauge === undefined || gauge.atMs !== state.atMs) continue;
    next = setAlarm(next, {
      name: goal.metric,
      level: 'investigate',
      text: `${goal.metric} at ${percent(gauge.value)}, the limit is ${percent(goal.max)}`,
      isRaised: gauge.value > goal.max,
    });
  }
  return next;
}

function setAlarm(
  state: WatchState,
  alarm: {
    readonly name: string;
    readonly level: 'decide' | 'page' | 'investigate';
    readonly text: string;
    readonly isRaised: boolean;
  },
): WatchState {
  const { name, level, text, isRaised } = alarm;
  const isRaisedAlready = state.alarms[name] !== undefined;
  if (isRaised === isRaisedAlready) return state;
  if (isRaised) {
    return addNote(
      { ...state, alarms: { ...state.alarms, [name]: state.atMs ?? 0 } },
      { level, text: `${name}: ${text}` },
    );
  }
  const { [name]: _, ...alarms } = state.alarms;
  return addNote({ ...state, alarms }, { level: 'info', text: `${name}: over` });
}
