/** What people are told about, without having to look. */
export type AlertEvent =
  | 'gate-waits'
  | 'step-failed'
  | 'rollback-begun'
  | 'rollback-ended'
  | 'rollback-stuck'
  | 'run-ended'
  | 'run-interrupted'
  | 'verdict-changed'
  | 'timer-started'
  | 'timer-expired'
  | 'timer-stopped'
  | 'alarm'
  | 'watch-ended'
  | 'message';

/** How loud it is: `critical` wakes somebody up. */
export type AlertLevel = 'info' | 'warning' | 'critical';

/** Number and hash of the journal's newest record when the alert was made: a journal that is cut later shows. */
export interface JournalHead {
  readonly n: number;
  readonly hash: string;
}

/**
 * One thing that people are told, as plain data; every channel renders it in its own way. By example:
 *
 * ```
 * {"id":"run-1/41/gate-waits","event":"gate-waits","level":"warning","title":"live run on production waits: …",
 *  "lines":["Team decides"],"next":["roundtrip approve --run run-1 --step meeting"],"head":{"n":41,"hash":"9c1f…"},…}
 * ```
 */
export interface Alert {
  /** The same when it is sent again after a crash: receivers drop repetitions by it. */
  readonly id: string;
  readonly event: AlertEvent;
  readonly level: AlertLevel;
  /** One sentence. */
  readonly title: string;
  readonly lines: readonly string[];
  /** Commands that answer it. */
  readonly next: readonly string[];
  /** Names of the channels it is for. Default: every one that takes the event. */
  readonly channels?: readonly string[] | undefined;
  readonly runId: string;
  readonly target: string;
  /** UTC, ISO 8601: when it happened, not when it was sent. */
  readonly at: string;
  /** Absent for a watch without a run, which has no journal. */
  readonly head?: JournalHead | undefined;
}

const TEXT_CHARACTERS_MAX = 2_000;
const LINES_MAX = 20;

/**
 * An alert that may leave the process: secrets replaced, and of a length that every channel takes.
 *
 * @example redactAlert(alert, createRedactor([password])).title
 */
export function redactAlert(alert: Alert, redact: (text: string) => string): Alert {
  const clean = (text: string): string => shortened(redact(text));
  return {
    ...alert,
    title: clean(alert.title),
    lines: alert.lines.slice(0, LINES_MAX).map(clean),
    next: alert.next.slice(0, LINES_MAX).map(clean),
  };
}

function shortened(text: string): string {
  return text.length <= TEXT_CHARACTERS_MAX ? text : `${text.slice(0, TEXT_CHARACTERS_MAX - 1)}…`;
}

/**
 * The alert as plain text, for mail and for whatever shows text alone.
 *
 * @example plainText(alert) // "live run on production waits: …\nTeam decides\n…\njournal head 41 9c1f…"
 */
export function plainText(alert: Alert): string {
  return [
    alert.title,
    ...alert.lines,
    ...(alert.next.length === 0 ? [] : ['', 'Next:', ...alert.next.map((command) => `  ${command}`)]),
    '',
    headLine(alert),
  ].join('\n');
}

/** Where and when, with the journal's head hash in full: the last line of every message. */
export function headLine({ runId, target, at, head }: Alert): string {
  const journal = head === undefined ? 'no journal' : `journal head ${head.n} ${head.hash}`;
  return `${runId} on ${target}, ${at}, ${journal}`;
}
