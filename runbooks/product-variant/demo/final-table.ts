import { changesOfAllText, formatMs } from 'roundtrip/cli';
import { acceptance } from './acceptance.ts';
import type { Night } from './night.ts';

/** The demo's closing table: planned and actual times, counts, fingerprints. */
export function finalTable(night: Night): string {
  const { report, rehearsal, before, afterRun, afterRollback } = night;
  const rehearsed = new Map(rehearsal.summary.timeline.map((row) => [row.id, row.actualMs]));
  const lines = [
    '',
    `${'Step'.padEnd(52)} ${'Owner'.padEnd(8)} ${'Planned'.padStart(9)} ${'Rehearsed'.padStart(10)} ${'Actual'.padStart(9)}  Result`,
  ];
  for (const row of report.summary.timeline) {
    const cells = [
      row.title.slice(0, 52).padEnd(52),
      row.owner.padEnd(8),
      formatMs(row.plannedMs).padStart(9),
      formatMs(rehearsed.get(row.id) ?? 0).padStart(10),
      formatMs(row.actualMs).padStart(9),
    ];
    lines.push(
      `${cells.join(' ')}  ${row.result}${row.error === null ? '' : `: ${row.error.slice(0, 100)}`}`,
    );
  }
  const triple = (name: string, values: readonly (number | string | null)[]): string =>
    `${name.padEnd(24)} ${values.map((value) => String(value ?? '–').padStart(16)).join('')}`;
  lines.push(
    '',
    triple('', ['before', 'after the run', 'after rollback']),
    triple('release serving', [before.release, afterRun.release, afterRollback.release]),
  );
  lines.push(
    triple('products', [before.products, afterRun.products, afterRollback.products]),
    triple('variants', [before.variants, afterRun.variants, afterRollback.variants]),
  );
  for (const [index, { table, fingerprint }] of before.protectedTables.entries()) {
    const same = (later: string | undefined): string => (later === fingerprint ? 'equal' : 'DIFFERS');
    lines.push(
      triple(table, [
        `${fingerprint.split(':')[0]} rows`,
        same(afterRun.protectedTables[index]?.fingerprint),
        same(afterRollback.protectedTables[index]?.fingerprint),
      ]),
    );
  }
  lines.push(`protected rows: ${changesOfAllText(report.summary.protectedTables)}`);
  lines.push(
    '',
    ...acceptance(night).map(
      ({ id, text, holds, shownBy }) => `${holds ? '✔' : '✖'} ${id} ${text.padEnd(46)} ${shownBy}`,
    ),
  );
  lines.push(
    '',
    `orders placed: ${night.ordersPlaced} (${night.ordersOnNewRelease} on the new release), lost: ${night.ordersLost}`,
    ...(night.switchGapMs === null
      ? []
      : [
          `switch gap: ${night.switchGapMs} ms, rollback gap: ${night.rollbackGapMs ?? '–'} ms (the longest that a customer waited for an order)`,
        ]),
    `rollback: ${night.rollbackMs === null ? 'none' : formatMs(night.rollbackMs)}; report: ${night.reportProblems.length === 0 ? 'verifies' : night.reportProblems.join('; ')}`,
    '',
  );
  return `${lines.join('\n')}\n`;
}
