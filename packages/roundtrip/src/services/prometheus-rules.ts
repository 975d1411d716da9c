import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Refused } from '../errors.ts';
import { runProcess } from '../process/run-process.ts';
import type { ErrorRateCondition, LatencyCondition, MatrixRow } from '../watch/matrix.ts';
import type { PrometheusSource, WatchGoal, WatchPlan } from '../watch/watch-plan.ts';
import type { AlarmWindow } from '../watch/windows.ts';
import { errorRatio, promDuration, quantileMs, requestsWithin } from './promql.ts';
import { replaceFile } from './replace-file.ts';

/** What rules are made of; the windows are the watch's own, `ALARM_WINDOWS`. */
export interface PrometheusRulesInput {
  readonly plan: WatchPlan;
  readonly matrix: readonly MatrixRow[];
  readonly windows: readonly AlarmWindow[];
}

interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const NO_DATA_FOR = '2m';
const LATENCY_WINDOW_MS = 600_000;
const HOST_FOR = '10m';
const PROMTOOL_TIMEOUT_MS = 30_000;

/**
 * Alerting rules for Prometheus that say what the watch says, for the people who look at Alertmanager rather than at
 * Roundtrip: one group a Prometheus source, with the windows of the goal, the rows of the matrix, the response times, and missing data.
 *
 * They wake people and decide nothing: `increase` extrapolates, and a rule knows no exact bound. So that thin traffic
 * raises nothing, each asks for as many requests as could show its share at all (three errors' worth).
 *
 * @example prometheusRules({ plan, matrix: storyMatrix(), windows: ALARM_WINDOWS })
 */
export function prometheusRules({ plan, matrix, windows }: PrometheusRulesInput): string {
  const sources = plan.sources.filter((source) => source.kind === 'prometheus');
  if (sources.length === 0)
    throw new Refused({
      code: 'no-prometheus-source',
      seen: `sources of the kinds ${plan.sources.map(({ kind }) => kind).join(', ')}`,
      expected: 'at least one Prometheus source: rules need its selectors',
      next: 'add one to the watch of the runbook',
    });
  const groups = sources.map((source) => ({
    name: `roundtrip-${source.name}`,
    rules: [
      ...missingData(source),
      ...plan.goals.flatMap((goal) => goalRules(source, goal, windows)),
      ...matrix.flatMap((row) => matrixRule(source, row)),
    ],
  }));
  return [
    '# Written by Roundtrip out of the watch of a runbook; do not edit.',
    'groups:',
    ...groups.flatMap(({ name, rules }) => [
      `  - name: ${JSON.stringify(name)}`,
      '    rules:',
      ...rules.flatMap(ruleLines),
    ]),
    '',
  ].join('\n');
}

/**
 * Writes a rules file once `promtool check rules` has taken it; Prometheus reads it at its next reload. A file that is the same stays untouched.
 *
 * @throws Refused `prometheus-rules-refused`; Failed `program-missing`.
 * @example await writePrometheusRules({ file: '/etc/prometheus/rules/roundtrip.yml', rules })
 */
export async function writePrometheusRules(options: {
  readonly file: string;
  readonly rules: string;
  /** Default `promtool`. */
  readonly promtool?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}): Promise<{ readonly changed: boolean }> {
  const { file, rules, promtool = ['promtool'], signal } = options;
  const candidate = path.join(path.dirname(file), `.${path.basename(file)}.candidate`);
  replaceFile(candidate, rules);
  try {
    const argv = [...promtool, 'check', 'rules', candidate];
    const { exitCode, stdout, stderr } = await runProcess(argv, {
      timeoutMs: PROMTOOL_TIMEOUT_MS,
      signal,
      okExitCodes: [0, 1, 3],
    });
    if (exitCode !== 0)
      throw new Refused({
        code: 'prometheus-rules-refused',
        seen: `${stdout}${stderr}`.trim().slice(-1000),
        expected: 'rules that Prometheus takes',
        next: `${file} is as it was; correct the selectors of the watch`,
      });
    if (readIfThere(file) === rules) return { changed: false };
    replaceFile(file, rules);
    return { changed: true };
  } finally {
    rmSync(candidate, { force: true });
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function missingData(source: PrometheusSource): readonly AlertRule[] {
  return [
    {
      alert: 'RoundtripNoData',
      expr: `absent(${source.requests}) or ${requestsWithin(source, LATENCY_WINDOW_MS)} == 0`,
      for: NO_DATA_FOR,
      labels: labelled(source, 'page'),
      annotations: {
        summary: `No requests are counted by ${source.name}`,
        action: 'No data is no success: the watch is extended by as much as is missing',
      },
    },
  ];
}

function goalRules(
  source: PrometheusSource,
  goal: WatchGoal,
  windows: readonly AlarmWindow[],
): readonly AlertRule[] {
  if (goal.metric === 'cpu' || goal.metric === 'memory') return [hostRule(source, goal)];
  if (goal.metric === 'latencyMs') return latencyRule(source, goal, 'page', {});
  return windows.map(({ name, factor, windowMs, confirmMs, asks }) => {
    const share = Number((goal.max * factor).toPrecision(6));
    return {
      alert: `RoundtripErrors${capital(name)}`,
      expr: `(${errorsAbove(source, share, windowMs)}) and (${errorRatio(source, confirmMs)} > ${share})`,
      labels: labelled(source, asks),
      annotations: {
        summary: `More than ${percent(share)} errors over ${promDuration(windowMs)}: ${factor} times the goal`,
        action: asks === 'decide' ? 'Decide now by the matrix' : asks,
      },
    };
  });
}

function matrixRule(source: PrometheusSource, row: MatrixRow): readonly AlertRule[] {
  const { condition } = row;
  if (!('metric' in condition)) return [];
  const labels = { matrix: row.id, rollback: row.rollback, owner: row.owner };
  if ('quantile' in condition)
    return latencyRule(source, { ...condition, max: condition.value }, row.severity, {
      ...labels,
      action: row.action,
    });
  if (condition.metric !== 'errorRate' || !('windowsMs' in condition)) return [];
  return [
    {
      alert: 'RoundtripMatrix',
      expr: condition.windowsMs
        .map((windowMs) => `(${errorsBetween(source, condition, windowMs)})`)
        .join(' or '),
      labels: { ...labelled(source, row.severity), ...labels },
      annotations: {
        summary: `${row.id}: rollback ${row.rollback}, ${row.owner} decides`,
        action: row.action,
      },
    },
  ];
}

function errorsAbove(source: PrometheusSource, share: number, windowMs: number): string {
  const requestsMin = Math.ceil(3 / share);
  return `${errorRatio(source, windowMs)} > ${share} and ${requestsWithin(source, windowMs)} >= ${requestsMin}`;
}

function errorsBetween(source: PrometheusSource, row: ErrorRateCondition, windowMs: number): string {
  const above = errorsAbove(source, row.value, windowMs);
  return row.upTo === undefined ? above : `${above} and ${errorRatio(source, windowMs)} <= ${row.upTo}`;
}

function latencyRule(
  source: PrometheusSource,
  limit: Pick<LatencyCondition, 'quantile'> & {
    readonly max: number;
    readonly windowsMs?: readonly number[] | undefined;
  },
  severity: string,
  { action = 'Monitor, then decide', ...labels }: Readonly<Record<string, string>>,
): readonly AlertRule[] {
  if (source.buckets === undefined) return [];
  const windows = limit.windowsMs ?? [LATENCY_WINDOW_MS];
  return [
    {
      alert: 'RoundtripSlow',
      expr: windows.map((each) => `${quantileMs(source, limit.quantile, each)} > ${limit.max}`).join(' or '),
      labels: { ...labelled(source, severity), quantile: String(limit.quantile), ...labels },
      annotations: { summary: `p${limit.quantile * 100} above ${limit.max} ms`, action },
    },
  ];
}

/** CPU and memory as node-exporter gives them; they alert and never roll back by themselves. */
function hostRule(
  source: PrometheusSource,
  goal: { readonly metric: 'cpu' | 'memory'; readonly max: number },
): AlertRule {
  const cpu = '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))';
  const memory = '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes';
  return {
    alert: goal.metric === 'cpu' ? 'RoundtripCpu' : 'RoundtripMemory',
    expr: `${goal.metric === 'cpu' ? cpu : memory} > ${goal.max}`,
    for: HOST_FOR,
    labels: labelled(source, 'investigate'),
    annotations: { summary: `${goal.metric} above ${percent(goal.max)}`, action: 'Look at the host' },
  };
}

function labelled(source: PrometheusSource, severity: string): Readonly<Record<string, string>> {
  return { severity, source: source.name };
}

function ruleLines(rule: AlertRule): readonly string[] {
  // A JSON string is a YAML scalar, whatever is in it. Braces of a template are none of ours: there are no variables in the text.
  const members = (all: Readonly<Record<string, string>>): string[] =>
    Object.entries(all).map(([name, value]) => `          ${name}: ${JSON.stringify(value)}`);
  return [
    `      - alert: ${JSON.stringify(rule.alert)}`,
    `        expr: ${JSON.stringify(rule.expr)}`,
    ...(rule.for === undefined ? [] : [`        for: ${rule.for}`]),
    '        labels:',
    ...members(rule.labels),
    '        annotations:',
    ...members(rule.annotations),
  ];
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`;
}

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}
