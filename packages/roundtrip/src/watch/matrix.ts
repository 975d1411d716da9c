/**
 * What a row of the matrix waits for, as data that goes into the plan and its hash. By example:
 *
 * ```
 * {"event":"step-failed","step":"migrate"}
 * {"metric":"errorRate","op":">","value":0.05,"windowsMs":[600000,1800000],"confidence":0.99}
 * {"metric":"errorRate","op":">","value":0.01,"upTo":0.05,"windowsMs":[600000,1800000],"confidence":0.99}
 * {"metric":"latencyMs","quantile":0.95,"op":">","value":1000,"windowsMs":[600000],"confidence":0.99}
 * {"metric":"missingColours","op":">","value":0}
 * ```
 */
export type MatrixCondition = StepFailedCondition | ErrorRateCondition | LatencyCondition | GaugeCondition;

/** A step of the run failed; `step` is its id. */
export interface StepFailedCondition {
  readonly event: 'step-failed';
  readonly step: string;
}

/** The share of failed requests is, by its exact lower bound, above `value` in one of the windows. */
export interface ErrorRateCondition {
  readonly metric: 'errorRate';
  readonly op: '>';
  /** A share: 0.05 is 5 %. */
  readonly value: number;
  /** Above this another row speaks: "1–5 %" is `value` 0.01 with `upTo` 0.05. */
  readonly upTo?: number | undefined;
  /** Windows before now, in watch time; the row speaks when it holds in any of them. */
  readonly windowsMs: readonly number[];
  /** One-sided confidence of the bound. The row is looked at again and again, hence 0.99 and not 0.95. */
  readonly confidence: number;
}

/** A quantile of the response time is, by its distribution-free lower bound, above `value` milliseconds. */
export interface LatencyCondition {
  readonly metric: 'latencyMs';
  readonly quantile: number;
  readonly op: '>';
  readonly value: number;
  readonly windowsMs: readonly number[];
  readonly confidence: number;
}

/** The newest value that a source gave for a metric, compared as it is. */
export interface GaugeCondition {
  /** Any name that a source of the watch gives: "missingColours". */
  readonly metric: string;
  readonly op: '>' | '<';
  readonly value: number;
}

/** One row of the rollback decision matrix, as plain data in the runbook. */
export interface MatrixRow {
  /** Kebab-case, named in notes and in the journal. */
  readonly id: string;
  readonly condition: MatrixCondition;
  readonly severity: 'critical' | 'high' | 'low';
  /** `yes` fails the watch, `maybe` opens a timer after which `owner` decides, `no` makes a note. */
  readonly rollback: 'yes' | 'maybe' | 'no';
  /** What people do about it. */
  readonly action: string;
  /** Who decides and who acts. */
  readonly owner: string;
  /** For `maybe`: how long it is watched before the owner must decide. Default one hour. */
  readonly timerMs?: number | undefined;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** "The last 10 to 30 minutes" in which error rates are judged: short for an outage, long for a slow bleed. */
const MATRIX_WINDOWS_MS: readonly number[] = [10 * MINUTE_MS, 20 * MINUTE_MS, 30 * MINUTE_MS];

/**
 * The six rows of the story's Rollback Decision Matrix. "Missing ColorMapping" reads the metric `missingColours`,
 * which the runbook supplies through a source of its own (an SQL query that lists the colours without a mapping).
 *
 * @example defineRunbook({ …, matrix: storyMatrix() })
 */
export function storyMatrix(): readonly MatrixRow[] {
  const judged = { windowsMs: MATRIX_WINDOWS_MS, confidence: 0.99 };
  return [
    {
      id: 'migration-failed',
      condition: { event: 'step-failed', step: 'migrate' },
      severity: 'critical',
      rollback: 'yes',
      action: 'Immediate rollback',
      owner: 'DevOps',
    },
    {
      id: 'import-failed',
      condition: { event: 'step-failed', step: 'import' },
      severity: 'critical',
      rollback: 'yes',
      action: 'Rollback, then investigate',
      owner: 'Backend',
    },
    {
      id: 'slow-responses',
      condition: { metric: 'latencyMs', quantile: 0.95, op: '>', value: 1000, ...judged },
      severity: 'high',
      rollback: 'maybe',
      action: 'Monitor for 1 h, then decide',
      owner: 'DevOps',
      timerMs: HOUR_MS,
    },
    {
      id: 'errors-above-5-percent',
      condition: { metric: 'errorRate', op: '>', value: 0.05, ...judged, confidence: 0.999 },
      severity: 'critical',
      rollback: 'yes',
      action: 'Immediate rollback',
      owner: 'DevOps',
    },
    {
      id: 'errors-1-to-5-percent',
      condition: { metric: 'errorRate', op: '>', value: 0.01, upTo: 0.05, ...judged },
      severity: 'high',
      rollback: 'maybe',
      action: 'Monitor and hotfix',
      owner: 'Backend',
      timerMs: 6 * HOUR_MS,
    },
    {
      id: 'missing-colour-mapping',
      condition: { metric: 'missingColours', op: '>', value: 0 },
      severity: 'low',
      rollback: 'no',
      action: 'Hotfix: add the colours',
      owner: 'Backend',
    },
  ];
}

/**
 * A condition in words.
 *
 * @example describeCondition({ event: 'step-failed', step: 'migrate' }) // 'step "migrate" failed'
 */
export function describeCondition(condition: MatrixCondition): string {
  if ('event' in condition) return `step "${condition.step}" failed`;
  if (isErrorRate(condition)) {
    const percent = (share: number) => `${Number((share * 100).toFixed(3))} %`;
    return condition.upTo === undefined
      ? `error rate > ${percent(condition.value)}`
      : `error rate ${percent(condition.value)} to ${percent(condition.upTo)}`;
  }
  if (isLatency(condition)) return `p${condition.quantile * 100} response time > ${condition.value} ms`;
  return `${condition.metric} ${condition.op} ${condition.value}`;
}

/** Whether a condition is about the error rate; a gauge may not take that name. */
export function isErrorRate(condition: MatrixCondition): condition is ErrorRateCondition {
  return 'metric' in condition && condition.metric === 'errorRate';
}

/** Whether a condition is about the response time. */
export function isLatency(condition: MatrixCondition): condition is LatencyCondition {
  return 'metric' in condition && condition.metric === 'latencyMs';
}
