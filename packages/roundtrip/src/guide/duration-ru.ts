import { formatMs } from '../runbook/duration.ts';
import { oneUnit } from './one-unit.ts';

const UNITS: Readonly<Record<string, string>> = { ms: ' мс', s: ' с', min: ' мин', h: ' ч', d: ' сут' };

/**
 * A duration with Russian units.
 *
 * @example durationRu(5_760_000) // "1 ч 36 мин"
 */
export function durationRu(ms: number): string {
  return oneUnit(formatMs(ms))
    .replace('.', ',')
    .replaceAll(/ms|min|h|d|s/g, (unit) => UNITS[unit] ?? unit);
}
