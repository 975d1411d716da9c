import { formatMs } from '../runbook/duration.ts';
import { alertsText } from './alerts-summary.ts';
import { changesOfAllText, changesText } from './changes-text.ts';
import { evidenceText } from './evidence-text.ts';
import type { Report } from './report.ts';
import { waitedText } from './waited-text.ts';

/** The report as Markdown: for a pull request or a wiki. The proof itself is in the HTML and JSON forms. */
export function markdownReport({ summary }: Report): string {
  const lines = [
    `# ${summary.title}: ${summary.verdict}`,
    '',
    `Run \`${summary.runId}\` (${summary.kind}) on ${summary.target} by ${summary.operator}, ${summary.startedAt} – ${summary.endedAt}.`,
  ];
  lines.push(`Plan \`${summary.planHash.slice(0, 12)}\`, journal head \`${summary.head.slice(0, 12)}\`.`, '');
  if (summary.rollback !== null)
    lines.push(`Rolled back in ${formatMs(summary.rollback.ms)}: ${summary.rollback.reason}`, '');
  if (summary.writersWaited !== null) lines.push(`Writers waited: ${waitedText(summary.writersWaited)}.`, '');
  for (const { what, reason, operator } of summary.overrides)
    lines.push(`- Override of ${what} by ${operator}: ${reason}`);
  lines.push('', '| Step | Owner | Planned | Actual | Result |', '|---|---|---:|---:|---|');
  for (const row of summary.timeline) {
    lines.push(
      `| ${row.title} | ${row.owner} | ${formatMs(row.plannedMs)} | ${formatMs(row.actualMs)} | ${row.result}${row.error === null ? '' : `: ${row.error}`} |`,
    );
  }
  lines.push('', '| Gate | Result | By | Evidence |', '|---|---|---|---|');
  for (const { name, result, by, evidence } of summary.gates)
    lines.push(`| ${name} | ${result} | ${by ?? ''} | ${cell(evidenceText(evidence))} |`);
  if (summary.watch !== null) lines.push('', `Watch: **${summary.watch.verdict}**, ${summary.watch.reason}`);
  lines.push('', `Alerts: ${alertsText(summary.alerts)}.`);
  for (const { at, event, channel, attempts, seen } of summary.alerts.undelivered)
    lines.push(`- **not delivered** ${at}: ${event} to ${channel} after ${attempts} attempts: ${cell(seen)}`);
  lines.push(
    '',
    '| Protected table | Before | After the run | After the rollback | Who changed how many rows |',
    '|---|---|---|---|---|',
  );
  for (const changed of summary.protectedTables) {
    const { table, before, run, rollback } = changed;
    lines.push(
      `| ${table} | ${before ?? '–'} | ${VERDICTS[run]} | ${VERDICTS[rollback]} | ${cell(changesText(changed))} |`,
    );
  }
  if (summary.protectedTables.length > 0)
    lines.push('', `Protected tables: ${changesOfAllText(summary.protectedTables)}.`);
  return `${lines.join('\n')}\n`;
}

const VERDICTS = {
  equal: 'equal',
  carried: "customers' rows carried along",
  differs: '**differs**',
  absent: '–',
} as const;

/** A bar or a line end in a value would break the table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
