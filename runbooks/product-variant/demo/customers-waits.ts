import type { Report } from 'roundtrip/cli';
import type { Night } from './night.ts';
import { type AskedOrder, longestWaitMs } from './ordering.ts';

function switchOf(report: Report) {
  const row = report.summary.timeline.find(({ id }) => id === 'switch-over');
  const at = (time: string | null | undefined): number | undefined =>
    time === null || time === undefined ? undefined : Date.parse(time);
  return {
    from: at(row?.startedAt),
    to: at(row?.endedAt),
    back: at(row?.undoStartedAt),
    undoMs: row?.undoMs,
  };
}

/** How long customers waited at the switch and on the way back, by their own clocks. */
export function gapsOf(
  report: Report,
  orders: readonly AskedOrder[],
): Pick<Night, 'switchGapMs' | 'rollbackGapMs'> {
  const { from, to, back, undoMs } = switchOf(report);
  const during = (fromMs: number | undefined, toMs: number | undefined): number | null =>
    fromMs === undefined || toMs === undefined ? null : longestWaitMs(orders, { fromMs, toMs });
  return {
    switchGapMs: during(from, to),
    rollbackGapMs: during(back, back === undefined ? undefined : back + (undoMs ?? 0)),
  };
}

/** Orders that were asked for once the new release served, and taken before it was gone back from. */
export function onNewRelease(report: Report, orders: readonly AskedOrder[]): number {
  const { to, back } = switchOf(report);
  if (to === undefined) return 0;
  return orders.filter(
    ({ number, askedAtMs, answeredAtMs }) =>
      number !== null && askedAtMs >= to && answeredAtMs <= (back ?? Number.POSITIVE_INFINITY),
  ).length;
}
