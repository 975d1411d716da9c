import { formatMs } from '../runbook/duration.ts';
import type { WritersWaited } from './writers-waited.ts';

/** @example waitedText({ switchMs: 131, rollbackMs: null }) // '131ms at the switch, – on the way back' */
export function waitedText({ switchMs, rollbackMs }: WritersWaited): string {
  const text = (ms: number | null): string => (ms === null ? '–' : formatMs(ms));
  return `${text(switchMs)} at the switch, ${text(rollbackMs)} on the way back`;
}
