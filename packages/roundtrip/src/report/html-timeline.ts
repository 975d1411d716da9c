import { formatMs } from '../runbook/duration.ts';
import { escapeHtml } from './escape-html.ts';
import type { ReportSummary, TimelineRow } from './report.ts';

/** The plan is drawn to its end where that leaves the actual bars visible; else it is clipped and told in numbers. */
const PLAN_SHARE_MIN = 0.2;
const UNITS = 1000;
const SIGNS: Readonly<Record<string, string>> = { verified: '✔', failed: '✖', undone: '◀', pending: '·' };
const NAMES: Readonly<Record<string, string>> = { verified: 'done', pending: 'not begun' };

interface Axis {
  readonly fromMs: number;
  readonly toMs: number;
  at(ms: number): number;
}

/** Every step on one axis of time: planned behind, actual before it, undone below. Drawn without a script. */
export function htmlTimeline(summary: ReportSummary): string {
  const startMs = Date.parse(summary.startedAt);
  const axis = axisOf(summary, startMs);
  let plannedMs = startMs;
  const rows = summary.timeline.map((row) => {
    const planned = row.phase === 'prelude' || row.phase === 'main' ? plannedMs : null;
    if (planned !== null) plannedMs += row.plannedMs;
    return stepRow(summary, row, planned, axis);
  });
  return `<div class="scroll" role="region" aria-label="Timeline" tabindex="0"><table class="timeline"><thead><tr><th scope="col">Step<th scope="col">Owner<th scope="col" class="n">Planned<th scope="col" class="n">Actual<th scope="col">Result<th scope="col" class="bars"><span>${clock(axis.fromMs)}</span><span>${clock(axis.toMs)} UTC</span></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>
<p class="legend"><svg width="26" height="12" aria-hidden="true"><rect class="planned" width="26" height="12"/></svg> planned
<svg width="26" height="12" aria-hidden="true"><rect class="done" y="3" width="26" height="6"/></svg> actual
<svg width="26" height="12" aria-hidden="true"><rect class="failed" y="3" width="26" height="6"/></svg> failed
<svg width="26" height="12" aria-hidden="true"><rect class="undo" y="6" width="26" height="5"/></svg> undone; a dotted line: the rollback began</p>`;
}

function stepRow(summary: ReportSummary, row: TimelineRow, plannedMs: number | null, axis: Axis): string {
  const { title, owner, plannedMs: planned, actualMs, result, undoMs, error, attempts } = row;
  const actual = row.startedAt === null ? '–' : formatMs(actualMs);
  const undone = undoMs === null ? '' : `<br><small>undone in ${formatMs(undoMs)}</small>`;
  const repeated = attempts > 1 ? `<br><small>${attempts} attempts</small>` : '';
  const bars = [
    plannedMs === null ? '' : bar(axis, 'planned', plannedMs, planned, 2, 16),
    row.startedAt === null
      ? ''
      : bar(
          axis,
          row.error === null || result !== 'failed' ? 'done' : 'failed',
          Date.parse(row.startedAt),
          spanOf(row),
          5,
          8,
        ),
    row.undoStartedAt === null ? '' : bar(axis, 'undo', Date.parse(row.undoStartedAt), undoMs ?? 0, 13, 6),
    summary.rollback === null ? '' : line(axis, Date.parse(summary.rollback.startedAt)),
  ];
  const spoken = `planned ${formatMs(planned)}, actual ${actual}, ${NAMES[result] ?? result}`;
  return `<tr class="${escapeHtml(result)}"><th scope="row">${escapeHtml(title)}${error === null ? '' : `<br><small class="bad">${escapeHtml(error)}</small>`}<td>${escapeHtml(owner)}<td class="n">${formatMs(planned)}<td class="n">${actual}${undone}<td><span aria-hidden="true">${SIGNS[result] ?? '?'}</span> ${escapeHtml(NAMES[result] ?? result)}${repeated}
<td class="bars"><svg viewBox="0 0 ${UNITS} 20" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(spoken)}">${bars.join('')}</svg></tr>`;
}

/** From its first intent to its last outcome: what a person waited, retries and inspections included. */
function spanOf({ startedAt, endedAt, actualMs }: TimelineRow): number {
  return startedAt === null || endedAt === null ? actualMs : Date.parse(endedAt) - Date.parse(startedAt);
}

function axisOf(summary: ReportSummary, startMs: number): Axis {
  const endMs = Math.max(startMs + 1000, Date.parse(summary.endedAt));
  const plannedMs = summary.timeline
    .filter(({ phase }) => phase === 'prelude' || phase === 'main')
    .reduce((sum, row) => sum + row.plannedMs, 0);
  const toMs = (endMs - startMs) / plannedMs >= PLAN_SHARE_MIN ? Math.max(endMs, startMs + plannedMs) : endMs;
  return {
    fromMs: startMs,
    toMs,
    at: (ms) => Math.round(Math.min(1, Math.max(0, (ms - startMs) / (toMs - startMs))) * UNITS * 10) / 10,
  };
}

function bar(axis: Axis, kind: string, fromMs: number, lengthMs: number, y: number, height: number): string {
  if (fromMs > axis.toMs) return '';
  const x = axis.at(fromMs);
  const width = Math.max(3, axis.at(fromMs + lengthMs) - x);
  return `<rect class="${kind}" x="${x}" y="${y}" width="${width.toFixed(1)}" height="${height}"/>`;
}

function line(axis: Axis, atMs: number): string {
  const x = axis.at(atMs);
  return `<line class="rollback" x1="${x}" x2="${x}" y1="0" y2="20"/>`;
}

function clock(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}
