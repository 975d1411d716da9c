import { formatMs } from '../runbook/duration.ts';
import { alertsText } from './alerts-summary.ts';
import { changesOfAllText, changesText } from './changes-text.ts';
import { escapeHtml } from './escape-html.ts';
import { evidenceText } from './evidence-text.ts';
import { REPORT_STYLE } from './html-style.ts';
import { htmlTimeline } from './html-timeline.ts';
import type { Report, ReportSummary } from './report.ts';
import { waitedText } from './waited-text.ts';

/** Nothing runs in a report and nothing is fetched for it, whatever a title or an error says. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** The report as one file that needs nothing else: no script runs in it; its data is embedded for `roundtrip verify`. */
export function htmlReport(report: Report): string {
  const { summary } = report;
  // "<" escaped so that nothing in the data can end the element.
  const data = JSON.stringify(report).replaceAll('<', '\\u003c');
  const live = summary.kind === 'live';
  return `<!doctype html>
<html lang="en" class="${live ? 'live' : 'rehearsal'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${live ? 'LIVE' : 'REHEARSAL'} · ${escapeHtml(summary.title)} · ${escapeHtml(summary.verdict)}</title><style>${REPORT_STYLE}</style></head>
<body><header><p class="kind">${live ? '● LIVE' : '↺ REHEARSAL'} <span>on ${escapeHtml(summary.target)}</span></p>
<h1>${escapeHtml(summary.title)}</h1>
<p class="verdict ${escapeHtml(summary.verdict)}">${escapeHtml(summary.verdict)}</p></header>
<main>${facts(summary)}
<h2>Timeline</h2>${htmlTimeline(summary)}
<h2>Gates</h2>${gates(summary)}
<h2>Protected tables</h2>${proofs(summary)}
<h2>Backup</h2>${backup(summary)}
<h2>Watch</h2>${watch(summary)}
<h2>Alerts</h2>${alerts(summary)}
<h2>Way back</h2>${rollback(summary)}
<h2>Check it yourself</h2><p><code>roundtrip verify report.html</code> recomputes the chain of ${report.records.length} journal records and every number above from the data inside this file.</p>
</main><script type="application/json" id="roundtrip-report">${data}</script></body></html>
`;
}

function facts(summary: ReportSummary): string {
  const identity = Object.entries(summary.identity)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
  const rows: [string, string][] = [
    ['Run', summary.runId],
    ['Target', `${summary.target} (${identity})`],
    ['Operator', summary.operator],
    ['From – to', `${summary.startedAt} – ${summary.endedAt}`],
    ['Plan', summary.planHash],
    ['Journal head', summary.head],
    ...(summary.writersWaited === null
      ? []
      : [['Writers waited', waitedText(summary.writersWaited)] as [string, string]]),
  ];
  return `<dl class="facts">${rows.map(([name, value]) => `<div><dt>${name}<dd><code>${escapeHtml(value)}</code></div>`).join('')}</dl>`;
}

function gates(summary: ReportSummary): string {
  const rows = summary.gates.map(({ name, result, at, by, evidence }) => {
    const when = [at === null ? '' : at.slice(0, 19).replace('T', ' '), by ?? ''].filter(
      (part) => part !== '',
    );
    return `<tr class="${result}"><th scope="row">${escapeHtml(name)}<td class="result">${result}<td>${escapeHtml(when.join(', ')) || '–'}<td><code>${escapeHtml(evidenceText(evidence)) || '–'}</code></tr>`;
  });
  return table('Gates', ['Gate', 'Result', 'When, who', 'Evidence'], rows);
}

const VERDICTS = {
  equal: '= equal',
  carried: '↷ customers’ rows carried along',
  differs: '≠ differs',
  absent: '–',
} as const;

function proofs(summary: ReportSummary): string {
  if (summary.protectedTables.length === 0) return '<p>The plan names none.</p>';
  const cell = (verdict: keyof typeof VERDICTS, text: string | null): string =>
    `<td class="${verdict}"><strong>${VERDICTS[verdict]}</strong>${text === null || verdict === 'equal' ? '' : `<br><code>${escapeHtml(text)}</code>`}`;
  const rows = summary.protectedTables.map(
    ({ table: name, before, afterRun, afterRollback, run, rollback: back }) =>
      `<tr><th scope="row">${escapeHtml(name)}<td><code>${escapeHtml(before ?? '–')}</code>${cell(run, afterRun)}${cell(back, afterRollback)}</tr>`,
  );
  const changes = summary.protectedTables.map(
    (changed) =>
      `<tr><th scope="row">${escapeHtml(changed.table)}<td>${escapeHtml(changesText(changed))}</tr>`,
  );
  const total = `<tr class="total"><th scope="row">All of them<td><strong>${escapeHtml(changesOfAllText(summary.protectedTables))}</strong></tr>`;
  return `${table('Protected tables', ['Table', 'Before (rows:digest)', 'After the run', 'After the rollback'], rows)}
${table('Who changed them', ['Table', 'Who changed how many rows'], [...changes, total])}
<p><small>Carried along: the rows differ from those before the run because customers wrote after the switch, and they are exactly what had arrived when the stream was drained. The migration’s changes are counted by the versions of the rows (in place), or by the transactions in the copy’s WAL that no stream brought; customers’ by those that the stream brought, and by what was applied to the return database. A row that is changed twice counts twice.</small></p>`;
}

/** What a level of trust says, from the backup itself and not from its size. */
const TRUST: Readonly<Record<string, string>> = {
  T0: 'the tool exited 0',
  T1: 'size and SHA-256 of every file are in a manifest',
  T2: 'the archive lists every table of its snapshot',
  T3: 'restored, and every table’s fingerprint equals the one of the dump’s own snapshot',
  T4: 'the application’s smoke test passes on the restored copy',
};

function backup(summary: ReportSummary): string {
  if (summary.backup === null) return '<p>No backup was made in this run.</p>';
  const { trust, ...rest } = summary.backup;
  const level = String(trust ?? 'unknown');
  const rows = Object.entries(rest).map(
    ([name, value]) =>
      `<div><dt>${escapeHtml(name)}<dd><code>${escapeHtml(typeof value === 'object' ? JSON.stringify(value) : String(value))}</code></div>`,
  );
  return `<p><strong class="trust">${escapeHtml(level)}</strong> ${escapeHtml(TRUST[level] ?? '')}</p><dl class="facts">${rows.join('')}</dl>`;
}

function watch({ watch: found }: ReportSummary): string {
  if (found === null) return '<p>No watch has ended in this run.</p>';
  const goals = found.goals.map(
    ({ goal, result, seen }) =>
      `<tr><th scope="row">${escapeHtml(goal)}<td>${escapeHtml(result)}<td>${escapeHtml(seen)}</tr>`,
  );
  const rows = found.rows.map(
    ({ condition, rollback: answer, held, seen }) =>
      `<tr class="${held ? 'held' : ''}"><th scope="row">${escapeHtml(condition)}<td>${escapeHtml(answer)}<td>${held ? 'held' : 'never'}<td>${escapeHtml(seen ?? '–')}</tr>`,
  );
  const gaps = found.gaps.map(
    ({ fromMs, toMs, reason }) => `<li>${formatMs(fromMs)} – ${formatMs(toMs)}: ${escapeHtml(reason)}`,
  );
  return `<p><strong>${escapeHtml(found.verdict.toUpperCase())}</strong>: ${escapeHtml(found.reason)}</p>
<p>${found.samples} samples, ${found.requests} requests, ${found.errors} errors; ${formatMs(found.coveredMs)} covered by data, ${formatMs(found.lostMs)} lost to gaps.</p>
${table('Goals of the watch', ['Goal', 'Result', 'Seen'], goals)}
${table('Rollback matrix', ['Condition', 'Roll back?', 'Held', 'Seen'], rows)}
${gaps.length === 0 ? '' : `<h3>Gaps</h3><ul>${gaps.join('')}</ul>`}`;
}

function alerts({ alerts: told }: ReportSummary): string {
  const rows = told.undelivered.map(
    ({ event, channel, at, attempts, seen }) =>
      `<tr class="absent"><th scope="row">${escapeHtml(event)}<td>${escapeHtml(channel)}<td>${escapeHtml(at.slice(0, 19).replace('T', ' '))}<td class="n">${attempts}<td>${escapeHtml(seen)}</tr>`,
  );
  const said = `<p>${escapeHtml(alertsText(told))}.</p>`;
  if (rows.length === 0) return said;
  return `${said}${table('Undelivered alerts', ['Event', 'Channel', 'When (UTC)', 'Attempts', 'Seen'], rows)}`;
}

function rollback(summary: ReportSummary): string {
  const { rollback: back } = summary;
  if (back === null) return '<p>The run was not rolled back.</p>';
  const undone = summary.timeline.filter(({ undoMs }) => undoMs !== null);
  const rows = [...undone]
    .sort((a, b) => (a.undoStartedAt ?? '').localeCompare(b.undoStartedAt ?? ''))
    .map(
      ({ title, undoMs, undoStartedAt }) =>
        `<tr><th scope="row">${escapeHtml(title)}<td>${escapeHtml((undoStartedAt ?? '').slice(11, 23))}<td class="n">${formatMs(undoMs ?? 0)}</tr>`,
    );
  const what = back.drill ? 'Drilled' : back.automatic ? 'Gone by itself' : 'Gone on request';
  return `<p><strong>${what} in ${formatMs(back.ms)}</strong>, from the decision until the previous release was proven to serve. Reason: ${escapeHtml(back.reason)}</p>
${table('Steps of the rollback', ['Undone', 'Began (UTC)', 'Took'], rows)}`;
}

/** A table that scrolls by itself on a narrow page, and can be reached there with the keyboard. */
function table(label: string, heads: readonly string[], rows: readonly string[]): string {
  return `<div class="scroll" role="region" aria-label="${escapeHtml(label)}" tabindex="0"><table><thead><tr>${heads.map((head) => `<th scope="col">${head}`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}
