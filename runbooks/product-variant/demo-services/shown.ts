import { EXIT, formatMs } from 'roundtrip/cli';
import type { Look } from './door-observer.ts';
import type { ServicesNight } from './services-night.ts';

/** One thing that the demo set out to show, and what it rests on. */
export interface Shown {
  readonly id: string;
  readonly what: string;
  readonly holds: boolean;
  readonly evidence: string;
}

/** Looks at a closed door that are further apart belong to two windows. */
const WINDOW_GAP_MS = 1_500;
const RETRY_AFTER = '600';

/** What a night has shown, each with what was seen of it; pure. */
export function whatWasShown(night: ServicesNight): Shown[] {
  return [...frontDoor(night), ...processes(night), ...watching(night), ...told(night), ...wayBack(night)];
}

function frontDoor(night: ServicesNight): Shown[] {
  const { customer, operator } = night;
  const windows = closedWindows(customer);
  const closed = windows.flat();
  const polite = closed.every(
    ({ status, retryAfter, page }) => status === 503 && retryAfter === RETRY_AFTER && page,
  );
  const open = customer.filter((look) => !closed.includes(look));
  const bad = open.filter(
    ({ status, atMs }) => status !== 200 && !((status ?? 0) >= 500 && isBroken(night, atMs)),
  );
  const inside = operator.filter(
    ({ status, atMs }) => status === 200 && windows.some((window) => isWithin(window, atMs)),
  );
  const proofs = night.report.records.flatMap(({ body }) =>
    body.type === 'outcome' && body.ok && typeof body.evidence?.proven === 'string'
      ? [body.evidence.proven]
      : [],
  );
  return [
    {
      id: 'maintenancePage',
      what: 'nginx shows a maintenance page with Retry-After, there and back',
      holds: windows.length === 2 && polite,
      evidence: `${closed.length} × 503, ${polite ? `each with Retry-After: ${RETRY_AFTER}` : 'some without it'}, in ${windows.map((window) => formatMs(spanOf(window))).join(' and ') || 'no window'}`,
    },
    {
      id: 'maintenanceProven',
      what: 'a probe write is refused while it is on, read and write pass when it is off',
      holds: proofs.includes('closed') && proofs.includes('open'),
      evidence: `proven ${proofs.join(', ') || 'nothing'}`,
    },
    {
      id: 'operatorLetThrough',
      what: 'an operator is served while customers are shown the page',
      holds: inside.length > 0,
      evidence: `${inside.length} × 200 inside the windows`,
    },
    {
      id: 'noRequestLost',
      what: 'outside the windows every customer is answered, processes restarted or not',
      holds: open.length > 0 && bad.length === 0,
      evidence: `${open.length} looks, ${
        bad.length === 0
          ? 'none unanswered'
          : bad
              .slice(0, 3)
              .map(({ status, error }) => error ?? String(status))
              .join(', ')
      }`,
    },
  ];
}

function processes({ serving }: ServicesNight): Shown[] {
  const { before, watched, after } = serving;
  const all = [before, watched, after];
  const supervised = all.every((each) => each !== undefined && each.pid === each.supervisedPid);
  return [
    {
      id: 'supervisorGroups',
      what: 'supervisor runs 13.3, then 13.4, then 13.3 again, each a process of its own',
      holds:
        supervised &&
        all.map((each) => each?.release).join() === '13.3,13.4,13.3' &&
        new Set(all.map((each) => each?.pid)).size === 3,
      evidence: all.map((each) => `${each?.release ?? '–'} as pid ${each?.supervisedPid ?? '–'}`).join(', '),
    },
  ];
}

function watching(night: ServicesNight): Shown[] {
  const { sources, fired, brokenAtMs, report } = night;
  const of = (name: string) => sources.find(({ source }) => source === name);
  const text = (name: string): string =>
    `${of(name)?.errors ?? 0} of ${of(name)?.requests ?? 0} requests failed`;
  const { watch, rollback } = report.summary;
  const row = watch?.rows.find(({ condition }) => condition === 'error rate > 5 %');
  const decidedMs =
    rollback === null || brokenAtMs === undefined ? null : Date.parse(rollback.startedAt) - brokenAtMs;
  // One row or the other: `increase` loses what a series was born with, which of a short burst is a good part.
  const rule = fired.find(
    ({ alertname, matrix }) => alertname === 'RoundtripMatrix' && matrix?.startsWith('errors-') === true,
  );
  return [
    {
      id: 'probes',
      what: 'the watch reads its own probes through the front door',
      holds: (of('front door')?.errors ?? 0) > 0,
      evidence: text('front door'),
    },
    {
      id: 'accessLog',
      what: "it reads customers' requests from nginx's JSON access log",
      holds: (of('access log')?.errors ?? 0) > 0,
      evidence: text('access log'),
    },
    {
      id: 'prometheus',
      what: "it reads the shop's own metrics from Prometheus",
      holds: (of('prometheus')?.requests ?? 0) > 0,
      evidence: text('prometheus'),
    },
    {
      id: 'prometheusRules',
      what: 'Prometheus fires by the rules that Roundtrip wrote',
      holds: rule !== undefined,
      evidence:
        rule === undefined
          ? 'no such alert fires'
          : `${rule.alertname} ${rule.matrix}, rollback ${rule.rollback}, ${rule.owner} acts; ${fired.length} fired in all`,
    },
    {
      id: 'nodeExporter',
      what: 'node-exporter is scraped',
      holds: night.nodeExporterUp,
      evidence: night.nodeExporterUp ? 'up{job="node"} is 1' : 'it is not up',
    },
    {
      id: 'matrix',
      what: 'the burst of errors leads to the matrix, the matrix to a rollback by itself',
      holds:
        row?.held === true && row.rollback === 'yes' && rollback?.automatic === true && decidedMs !== null,
      evidence:
        decidedMs === null
          ? `no rollback; the watch: ${watch?.reason ?? 'has not ended'}`
          : `${row?.seen ?? ''}; begun ${formatMs(decidedMs)} after the catalogue broke`,
    },
  ];
}

function told({ stage: { pager }, report }: ServicesNight): Shown[] {
  const owed = report.records.flatMap(({ body }) => (body.type === 'alert' ? [body] : []));
  const undelivered = owed.filter(
    ({ id, delivered }) => !delivered && !owed.some((later) => later.id === id && later.delivered),
  );
  const arrived = new Set(
    pager.received.filter(({ signed, refused }) => signed && !refused).map(({ id }) => id),
  );
  const begun = owed.find(({ event }) => event === 'rollback-begun');
  const heads = pager.received.filter(({ head }) => report.records[(head?.n ?? 0) - 1]?.hash === head?.hash);
  const events = [...new Set(owed.map(({ event }) => event))];
  return [
    {
      id: 'alerts',
      what: 'every alert arrives at the webhook, signed',
      holds: owed.length > 0 && undelivered.length === 0 && owed.every(({ id }) => arrived.has(id)),
      evidence: `${arrived.size} alerts, ${undelivered.length} undelivered: ${events.join(', ')}`,
    },
    {
      id: 'alertRetried',
      what: 'an alert that the receiver refuses is sent again until it is taken',
      holds: begun?.delivered === true && begun.attempts > 1,
      evidence: `rollback-begun took ${begun?.attempts ?? 'no'} attempts`,
    },
    {
      id: 'alertHeads',
      what: "each alert carries the head of the run's journal",
      holds: heads.length > 0 && heads.length === pager.received.length,
      evidence: `${heads.length} of ${pager.received.length} hashes are in the journal`,
    },
  ];
}

function wayBack(night: ServicesNight): Shown[] {
  const { report, rehearsal, before, afterRun, after, exitCode, reportProblems } = night;
  const differing = before.protectedTables.filter(
    ({ table, fingerprint }) =>
      ![afterRun, after].every(
        (later) => later?.protectedTables.find((fact) => fact.table === table)?.fingerprint === fingerprint,
      ),
  );
  const { rollback } = report.summary;
  return [
    {
      id: 'rehearsed',
      what: 'all of it was rehearsed on staging with services of its own',
      holds: rehearsal.summary.verdict === 'rolled-back' && report.summary.receipt !== null,
      evidence: `rollback drilled in ${formatMs(rehearsal.summary.rollback?.ms ?? 0)}`,
    },
    {
      id: 'rolledBack',
      what: 'the run went back, and 13.3 serves',
      holds: exitCode === EXIT.rolledBack && after.release === '13.3' && after.products === before.products,
      evidence: `exit ${exitCode} in ${formatMs(rollback?.ms ?? 0)}; ${after.products} products as before`,
    },
    {
      id: 'ordersKept',
      what: 'orders placed during the watch are there after the rollback',
      holds: night.ordersPlaced > 0 && night.ordersLost === 0,
      evidence: `${night.ordersPlaced} acknowledged, ${night.ordersLost} lost`,
    },
    {
      id: 'protectedTables',
      what: 'users, orders and carts of before are as they were, there and back (IV1, IV2)',
      holds: differing.length === 0,
      evidence:
        differing.length === 0
          ? `${before.protectedTables.length} tables, every row`
          : `${differing.map(({ table }) => table).join(', ')} differ`,
    },
    {
      id: 'reportVerifies',
      what: 'the report verifies offline',
      holds: reportProblems.length === 0,
      evidence: reportProblems.length === 0 ? `${report.records.length} records` : reportProblems.join('; '),
    },
  ];
}

/** Looks at a closed door, in windows. */
function closedWindows(looks: readonly Look[]): Look[][] {
  const windows: Look[][] = [];
  for (const look of looks.filter(({ closed }) => closed)) {
    const last = windows.at(-1)?.at(-1);
    if (last === undefined || look.atMs - last.atMs > WINDOW_GAP_MS) windows.push([look]);
    else windows.at(-1)?.push(look);
  }
  return windows;
}

function spanOf(window: readonly Look[]): number {
  return (window.at(-1)?.atMs ?? 0) - (window[0]?.atMs ?? 0);
}

function isWithin(window: readonly Look[], atMs: number): boolean {
  return atMs >= (window[0]?.atMs ?? Number.POSITIVE_INFINITY) && atMs <= (window.at(-1)?.atMs ?? 0);
}

/** From the break until the rollback has closed the door. */
function isBroken({ brokenAtMs, report }: ServicesNight, atMs: number): boolean {
  const back = report.summary.rollback;
  return (
    brokenAtMs !== undefined &&
    atMs >= brokenAtMs - 1_000 &&
    (back === null || atMs <= Date.parse(back.startedAt) + back.ms)
  );
}

/**
 * The demo's closing table.
 *
 * @example shownTable(night, whatWasShown(night)) // '✔ nginx shows …   84 × 503, each with Retry-After: 600 …'
 */
export function shownTable(night: ServicesNight, shown: readonly Shown[]): string {
  const width = Math.max(...shown.map(({ what }) => what.length));
  const lines = shown.map(
    ({ what, holds, evidence }) => `${holds ? '✔' : '✖'} ${what.padEnd(width)}  ${evidence}`,
  );
  const { summary } = night.report;
  return `\n${summary.title}: ${summary.verdict}\n\n${lines.join('\n')}\n\n`;
}
