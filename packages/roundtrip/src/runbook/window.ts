import { DateTime } from 'luxon';
import { Refused } from '../errors.ts';
import type { MaintenanceWindow } from './runbook.ts';

/** One concrete night: instants in UTC milliseconds. */
export interface WindowInstance {
  readonly startMs: number;
  readonly endMs: number;
  readonly zone: string;
}

/**
 * The window that `nowMs` falls into, or else the next one. Pure: the clock is an argument.
 *
 * @throws Refused `bad-window` for an unknown zone or time; `ambiguous-window` when a change of daylight saving time
 * makes the start or the end occur twice or never on that day.
 * @example windowAt({ start: '02:00', end: '04:00', zone: 'Europe/Moscow' }, Date.now())
 */
export function windowAt(window: MaintenanceWindow, nowMs: number): WindowInstance {
  const now = DateTime.fromMillis(nowMs, { zone: window.zone });
  if (!now.isValid) throw badWindow(window, `the zone "${window.zone}" is unknown`);
  // From yesterday on: a window that crosses midnight may have begun the day before.
  for (let day = -1; day <= 2; day += 1) {
    const date = now.startOf('day').plus({ days: day });
    const start = at(date, window.start, window);
    const endSameDay = at(date, window.end, window);
    const end =
      endSameDay.toMillis() > start.toMillis() ? endSameDay : at(date.plus({ days: 1 }), window.end, window);
    if (end.toMillis() <= nowMs) continue;
    requireUnambiguous(start, window.start, window);
    requireUnambiguous(end, window.end, window);
    return { startMs: start.toMillis(), endMs: end.toMillis(), zone: window.zone };
  }
  throw badWindow(window, 'no such time within two days');
}

function at(day: DateTime, clock: string, window: MaintenanceWindow): DateTime {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(clock);
  if (match === null) throw badWindow(window, `"${clock}" is not a time of day such as 02:00`);
  return day.set({ hour: Number(match[1]), minute: Number(match[2]), second: 0, millisecond: 0 });
}

function requireUnambiguous(moment: DateTime, clock: string, window: MaintenanceWindow): void {
  const skipped = moment.toFormat('HH:mm') !== clock;
  if (!skipped && moment.getPossibleOffsets().length === 1) return;
  throw new Refused({
    code: 'ambiguous-window',
    seen: `${clock} on ${moment.toISODate()} occurs ${skipped ? 'never' : 'twice'} in ${window.zone} (change of daylight saving time)`,
    expected: 'a window whose start and end occur exactly once',
    next: 'choose another night or other times',
  });
}

function badWindow(window: MaintenanceWindow, why: string): Refused {
  return new Refused({
    code: 'bad-window',
    seen: `the window ${window.start}–${window.end} ${window.zone}: ${why}`,
    expected: 'two times of day and an IANA zone',
    next: 'correct the window in the runbook',
  });
}
