import { formatMs } from '../runbook/duration.ts';
import { percent } from '../watch/verdict.ts';
import type { Counted, WatchView } from '../watch/view-watch.ts';

const NOTES_SHOWN = 12;
const GAPS_SHOWN = 8;

/** A watch as text for a terminal; times are watch time. */
export function renderWatch(view: WatchView): string {
  const { result } = view;
  const head = view.ended
    ? `verdict: ${result.verdict.toUpperCase()}`
    : `verdict: none yet (so far: ${view.standing})`;
  return [
    head,
    `  ${view.ended ? result.reason : view.standingReason}`,
    `  ${result.samples} samples, ${result.requests} requests, ${result.errors} errors`,
    `  covered ${formatMs(result.coveredMs)} of ${formatMs(view.durationMs)} in ${formatMs(result.elapsedMs)}, lost ${formatMs(result.lostMs)}${view.speed === 1 ? '' : `, at ${view.speed} times the speed`}`,
    ...section(
      'goals',
      result.goals.map(({ goal, result: held, seen }) => `${held.padEnd(7)} ${goal}: ${seen}`),
    ),
    ...section('windows', windowLines(view)),
    ...section('matrix', rowLines(view)),
    ...section('timers', timerLines(view)),
    ...section('sources', sourceLines(view)),
    ...section('before the change', comparedLines(view)),
    ...section('gaps', gapLines(view)),
    ...section(
      'notes',
      result.notes
        .slice(-NOTES_SHOWN)
        .map(({ atMs, level, text }) => `[+${formatMs(atMs)}] ${level}: ${text}`),
    ),
    '',
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

function windowLines({ windows }: WatchView): string[] {
  return windows.map(
    ({ window, windowMs, sources, requests, errors, least, most, limit, asks, raisedAtMs }) => {
      const bounds = requests === 0 ? 'nothing is known' : `between ${percent(least)} and ${percent(most)}`;
      const alarm = raisedAtMs === null ? '' : `  RAISED since +${formatMs(raisedAtMs)}`;
      return `${window.padEnd(6)} ${formatMs(windowMs).padStart(9)}  ${errors} of ${requests} failed, ${bounds}; ${limit === null ? 'no limit' : `limit ${percent(limit)}`} → ${asks} (${sources})${alarm}`;
    },
  );
}

function rowLines({ result }: WatchView): string[] {
  return result.rows.map(
    ({ id, severity, rollback, condition, held, holds, firstMs, seen, action, owner }) => {
      const state = holds ? 'HOLDS' : held ? 'held' : '–';
      const since = firstMs === null ? '' : ` first at +${formatMs(firstMs)}: ${seen}`;
      return `${state.padEnd(5)} ${severity.padEnd(8)} ${rollback.toUpperCase().padEnd(5)} ${condition} → ${action} (${owner}) [${id}]${since}`;
    },
  );
}

function timerLines({ result }: WatchView): string[] {
  return result.rows.flatMap(({ id, dueMs, owner, action }) => {
    if (dueMs === null) return [];
    const left = dueMs - result.elapsedMs;
    const when = left > 0 ? `in ${formatMs(left)}` : `now, since ${formatMs(-left)}`;
    return [`${id}: ${owner} decides ${when} (${action})`];
  });
}

function sourceLines({ sources }: WatchView): string[] {
  return sources.map(
    ({ source, kind, state, requests, errors }) =>
      `${state.padEnd(7)} ${source} (${kind})${requests === 0 ? '' : `: ${requests} requests, ${errors} errors`}`,
  );
}

function comparedLines({ compared, baselineAt }: WatchView): string[] {
  const told = ({ requests, errors, p95LowerMs, p95UpperMs }: Counted): string =>
    `${errors} of ${requests} failed, p95 between ${p95LowerMs ?? '?'} and ${p95UpperMs ?? '?'} ms`;
  return compared.map(
    ({ sources, before, now }) => `${sources}: ${told(before)} (${baselineAt}); now ${told(now)}`,
  );
}

function gapLines({ result: { gaps } }: WatchView): string[] {
  const more = gaps.length - GAPS_SHOWN;
  return [
    ...(more > 0 ? [`${more} earlier ones`] : []),
    ...gaps
      .slice(-GAPS_SHOWN)
      .map(({ fromMs, toMs, reason }) => `+${formatMs(fromMs)} to +${formatMs(toMs)}: ${reason}`),
  ];
}
