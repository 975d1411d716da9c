import { Refused } from '../errors.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A length of time as people write it in a runbook: `"10min"`, `"24h"`, `"1h 15min"`, `"500ms"`. */
export type Duration = string;

/**
 * Milliseconds of a duration.
 *
 * @throws Refused `bad-duration` for anything else than numbers with the units ms, s, min, h, d.
 * @example durationMs('1h 15min') // 4_500_000
 */
export function durationMs(text: Duration): number {
  const parts = text.trim().split(/\s+/);
  let total = 0;
  for (const part of parts) {
    const match = /^(\d+(?:\.\d+)?)(ms|s|min|h|d)$/.exec(part);
    const unit = UNIT_MS[match?.[2] ?? ''];
    if (match?.[1] === undefined || unit === undefined) {
      throw new Refused({
        code: 'bad-duration',
        seen: `the duration "${text}"`,
        expected: 'numbers with the units ms, s, min, h or d, such as "1h 15min"',
        next: 'correct it in the runbook',
      });
    }
    total += Number(match[1]) * unit;
  }
  return Math.round(total);
}

/**
 * A duration for people, in at most two units. It is rounded before it is split, so that there is no "1min 60s".
 *
 * @example formatMs(4_500_000) // "1h 15min"
 */
export function formatMs(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.round(ms)}ms`;
  if (Math.round(ms / 100) < 600) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 600) return `${Math.floor(seconds / 60)}min ${seconds % 60}s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes}min`;
  return minutes % 60 === 0 ? `${minutes / 60}h` : `${Math.floor(minutes / 60)}h ${minutes % 60}min`;
}
