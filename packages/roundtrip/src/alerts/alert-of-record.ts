import type { RunState } from '../journal/fold.ts';
import type { JournalBody, JournalRecord, OutcomeRecord } from '../journal/record.ts';
import type { JsonObject } from '../json.ts';
import { formatMs } from '../runbook/duration.ts';
import type { Plan } from '../runbook/plan.ts';
import { WATCH_EVENT_MARK, type WatchEvent } from '../watch/watch-event.ts';
import type { Alert, AlertEvent, AlertLevel } from './alert.ts';

/** Name of the mark by which a notify step says its message. */
export const MESSAGE_MARK = 'message';

/** What a notify step marks. */
export interface MessageMark extends JsonObject {
  readonly text: string;
  readonly level: AlertLevel;
  /** Empty: every channel. */
  readonly channels: readonly string[];
}

type Said = Pick<Alert, 'event' | 'level' | 'title'> & Partial<Pick<Alert, 'lines' | 'next' | 'channels'>>;

/**
 * What people are told because of one record of the journal, if anything. Pure, and of this record alone: after a crash
 * the same journal gives the same alerts with the same ids, so that none is forgotten with the process that owed it.
 *
 * @param state The run up to and including the record.
 * @example alertOfRecord({ plan, record, state })?.event // 'rollback-begun'
 */
export function alertOfRecord(at: {
  readonly plan: Plan;
  readonly record: JournalRecord;
  readonly state: RunState;
}): Alert | undefined {
  const { plan, record, state } = at;
  const said = whatToSay(plan, record.body, state);
  if (said === undefined) return undefined;
  return alertOf({ ...said, plan, state, n: record.n, hash: record.hash, at: record.at });
}

/** An alert about a run, with the journal's head as it is. */
export function alertOf(
  said: Said & {
    readonly plan: Plan;
    readonly state: RunState;
    readonly n: number;
    readonly hash: string;
    readonly at: string;
  },
): Alert {
  const { plan, state, n, hash, at, event, level, title, lines = [], next = [], channels } = said;
  const { runId, kind } = state.started;
  const about = kind === 'live' ? 'live run' : 'rehearsal';
  return {
    id: `${runId}/${n}/${event}`,
    event,
    level,
    title: `${plan.title}, ${about} on ${plan.target.name}: ${title}`,
    lines,
    next,
    channels,
    runId,
    target: plan.target.name,
    at,
    head: { n, hash },
  };
}

function whatToSay(plan: Plan, body: JournalBody, state: RunState): Said | undefined {
  switch (body.type) {
    case 'outcome':
      return ofOutcome(plan, body, state);
    case 'mark':
      if (body.name === WATCH_EVENT_MARK) return ofWatch(body.data as unknown as WatchEvent);
      if (body.name === MESSAGE_MARK) return ofMessage(body.data as unknown as MessageMark);
      return undefined;
    case 'rollback-started':
      return {
        event: 'rollback-begun',
        level: state.started.kind === 'live' ? 'critical' : 'info',
        title: `rolling back ${body.automatic ? 'by itself' : `(asked for by ${body.operator})`}`,
        lines: [body.reason],
      };
    case 'run-finished':
      return body.verdict === 'rolled-back'
        ? { event: 'rollback-ended', level: 'warning', title: 'rolled back; the previous release serves' }
        : {
            event: 'run-ended',
            level: body.verdict === 'failed-unchanged' ? 'warning' : 'info',
            title: `ended: ${body.verdict}`,
          };
    default:
      return undefined;
  }
}

/** A failure. An interruption is told when the run stops, an ambiguous end when it asks. */
function ofOutcome(plan: Plan, body: OutcomeRecord, state: RunState): Said | undefined {
  const { error } = body;
  if (body.ok || body.interrupted === true || error?.outcome === 'ambiguous') return undefined;
  const step = plan.steps.find(({ id }) => id === body.step);
  const verb = body.act === 'do' ? '' : `${body.act} of `;
  return {
    event: 'step-failed',
    level: state.started.kind === 'live' ? 'critical' : 'warning',
    title: `${verb}"${step?.title ?? body.step}" failed after ${formatMs(body.durationMs)}`,
    lines: [
      ...(error === undefined
        ? []
        : [`${error.code}: ${error.seen}`, `expected: ${error.expected}`, `next: ${error.next}`]),
      `owner: ${step?.owner ?? 'unknown'}`,
    ],
  };
}

const WATCH_LEVELS: Readonly<Record<WatchEvent['level'], AlertLevel>> = {
  info: 'info',
  investigate: 'warning',
  page: 'warning',
  decide: 'critical',
};

/** What the watch noticed, in a run or without one. */
export function ofWatch({ event, level, text, atMs }: WatchEvent): Said {
  return {
    event: event satisfies AlertEvent,
    level: WATCH_LEVELS[level],
    title: `${TITLES[event]} after ${formatMs(atMs)} of the watch`,
    lines: [text],
  };
}

const TITLES: Readonly<Record<WatchEvent['event'], string>> = {
  'verdict-changed': 'the verdict changed',
  'timer-started': 'MAYBE: a timer runs',
  'timer-expired': 'MAYBE: the time is up, somebody must decide',
  'timer-stopped': 'MAYBE: over, the timer is stopped',
  alarm: 'alarm',
  'watch-ended': 'the watch ended',
};

function ofMessage({ text, level, channels }: MessageMark): Said {
  return { event: 'message', level, title: text, ...(channels.length === 0 ? {} : { channels }) };
}
