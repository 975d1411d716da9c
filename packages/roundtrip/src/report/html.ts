import { formatMs } from '../runbook/duration.ts';
import type { Report, ReportSummary, TimelineRow } from './report.ts';

const STYLE = `
:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}body{max-width:68rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}code{font-size:.85em;overflow-wrap:anywhere}
.bar{position:relative;height:1rem;min-width:10rem;background:#8882}.bar i,.bar b{position:absolute;top:0;height:100%;min-width:2px}
.bar i{background:#8886}.bar b{top:.25rem;height:.5rem;background:#2a7}.failed .bar b{background:#c33}.undone .bar b{background:#c80}
.verdict{display:inline-block;padding:.1rem .6rem;border-radius:.3rem;background:#2a73;font-weight:600}.live{outline:3px solid #c33}.rehearsal{outline:3px dashed #37c}
@media print{body{margin:0}}`;

/** The report as one file that needs nothing else: no script runs in it; its data is embedded for \`roundtrip verify\`. */
export function htmlReport(report: Report): string {
  const { summary } = report;
  // "<" escaped so that nothing in the data can end the element.
  const data = JSON.stringify(report).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(summary.title)} – ${escapeHtml(summary.verdict)}</title><style>${STYLE}</style>
<body><main><h1>${escapeHtml(summary.title)}</h1>
<p class="verdict ${summary.kind === 'live' ? 'live' : 'rehearsal'}">${escapeHtml(summary.kind)}: ${escapeHtml(summary.verdict)}</p>
${facts(summary)}
<h2>Timeline</h2>${timeline(summary)}
<h2>Protected tables</h2>${proofs(summary)}
<h2>Check it yourself</h2><p><code>roundtrip verify report.html</code> recomputes the chain of ${report.records.length} journal records and every number above from the data inside this file.</p>
</main><script type="application/json" id="roundtrip-report">${data}</script></body></html>
`;
}

function facts(summary: ReportSummary): string {
  const rows: [string, string][] = [
    ['Run', summary.runId],
    [
      'Target',
      `${summary.target} (${Object.entries(summary.identity)
        .map(([name, value]) => `${name} ${String(value)}`)
        .join(', ')})`,
    ],
    ['Operator', summary.operator],
    ['From – to', `${summary.startedAt} – ${summary.endedAt}`],
    ['Plan', summary.planHash],
    ['Rehearsal receipt', summary.receipt === null ? 'none' : String(summary.receipt)],
    ['Journal head', summary.head],
    ...summary.overrides.map(({ what, reason, operator }): [string, string] => [
      `Override of ${what}`,
      `${reason} (${operator})`,
    ]),
  ];
  if (summary.rollback !== null)
    rows.push(['Rolled back', `${summary.rollback.reason}; in ${formatMs(summary.rollback.ms)}`]);
  for (const [name, value] of Object.entries(summary.backup ?? {}))
    rows.push([`Backup: ${name}`, String(value)]);
  return `<table>${rows.map(([name, value]) => `<tr><th>${escapeHtml(name)}<td><code>${escapeHtml(value)}</code>`).join('')}</table>`;
}

function timeline(summary: ReportSummary): string {
  const longestMs = Math.max(1, ...summary.timeline.flatMap((row) => [row.actualMs, row.plannedMs]));
  const width = (ms: number): string => `${((Math.log1p(ms) / Math.log1p(longestMs)) * 100).toFixed(1)}%`;
  const row = (step: TimelineRow): string =>
    `<tr class="${escapeHtml(step.result)}"><td>${escapeHtml(step.title)}${step.error === null ? '' : `<br><small>${escapeHtml(step.error)}</small>`}<td>${escapeHtml(step.owner)}
<td class="n">${formatMs(step.plannedMs)}<td class="n">${formatMs(step.actualMs)}<td>${escapeHtml(step.result)}
<td><div class="bar" role="img" aria-label="planned ${formatMs(step.plannedMs)}, actual ${formatMs(step.actualMs)}"><i style="width:${width(step.plannedMs)}"></i><b style="width:${width(step.actualMs)}"></b></div>`;
  return `<table><tr><th>Step<th>Owner<th>Planned<th>Actual<th>Result<th>Planned and actual (logarithmic)</tr>${summary.timeline.map(row).join('')}</table>`;
}

function proofs(summary: ReportSummary): string {
  const cell = (before: string | null, later: string | null): string =>
    later === null
      ? '–'
      : later === before
        ? 'equal'
        : `<strong>differs</strong> <code>${escapeHtml(later)}</code>`;
  const rows = summary.protectedTables.map(
    ({ table, before, afterRun, afterRollback }) =>
      `<tr><td>${escapeHtml(table)}<td><code>${escapeHtml(before ?? '–')}</code><td>${cell(before, afterRun)}<td>${cell(before, afterRollback)}`,
  );
  return `<table><tr><th>Table<th>Before (rows:digest)<th>After the run<th>After the rollback</tr>${rows.join('')}</table>`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
