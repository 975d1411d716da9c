import { DateTime } from 'luxon';

/**
 * A wall-clock time some milliseconds after (or before) another, on a night without a change of the clocks: a guide is for
 * any night, and `roundtrip plan` for the next one.
 *
 * @example timeOfDay('23:30', 3_600_000) // "00:30"
 */
export function timeOfDay(clock: string, laterMs: number): string {
  return DateTime.fromFormat(clock, 'HH:mm', { zone: 'utc' })
    .plus({ milliseconds: laterMs })
    .toFormat('HH:mm');
}
