import { applyRecord, foldJournal } from '../journal/fold.ts';
import type { JournalRecord } from '../journal/record.ts';
import type { Plan } from '../runbook/plan.ts';
import type { Alert } from './alert.ts';
import type { AlertChannel } from './alert-channel.ts';
import { alertOfRecord } from './alert-of-record.ts';
import { takes } from './outbox.ts';

/** After a long outage the newest are what matters; the older stay in the journal as undelivered. */
const OWED_MAX = 20;

/**
 * What a journal owes to people: alerts of its records that some channel has not got, because the process was killed
 * before it could send them, because the receiver was down, or because the verb that wrote the record does not send.
 * Each names only the channels that lack it. Pure.
 *
 * @example for (const alert of owedAlerts(plan, journal.records)) outbox.post(alert);
 */
export function owedAlerts(plan: Plan, records: readonly JournalRecord[]): readonly Alert[] {
  const channels = plan.target.alerts ?? [];
  const [first, ...rest] = records;
  if (channels.length === 0 || first === undefined) return [];
  const got = new Set(
    records.flatMap(({ body }) =>
      body.type === 'alert' && body.delivered ? [`${body.id} ${body.channel}`] : [],
    ),
  );
  const owed: Alert[] = [];
  let state = foldJournal([first]);
  for (const record of rest) {
    state = applyRecord(state, record);
    const alert = alertOfRecord({ plan, record, state });
    if (alert === undefined) continue;
    const lacking = lackingOf(channels, alert, got);
    if (lacking.length > 0) owed.push({ ...alert, channels: lacking });
  }
  return owed.slice(-OWED_MAX);
}

function lackingOf(
  channels: readonly AlertChannel[],
  alert: Alert,
  got: ReadonlySet<string>,
): readonly string[] {
  return channels
    .filter((channel) => takes(channel, alert) && !got.has(`${alert.id} ${channel.name}`))
    .map(({ name }) => name);
}
