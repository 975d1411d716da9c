import type { Halt } from '../engine/execute.ts';
import { foldJournal, type RunState } from '../journal/fold.ts';
import type { JournalStore } from '../journal/journal-file.ts';
import type { JournalBody, JournalRecord } from '../journal/record.ts';
import type { Plan } from '../runbook/plan.ts';
import type { Alert } from './alert.ts';
import { alertOfHalt } from './alert-of-halt.ts';
import { alertOfRecord } from './alert-of-record.ts';
import type { Delivery, DeliveryOptions } from './deliver.ts';
import { createOutbox, takes } from './outbox.ts';
import { owedAlerts } from './owed-alerts.ts';

/** The alerts of one process that carries on a run. It watches the journal; nothing waits for it before the end. */
export interface RunAlerts {
  onRecord(record: JournalRecord, state: RunState): void;
  /** Tells that the run stopped, and waits a bounded time for what is still on its way. */
  stop(halt: Halt): Promise<void>;
}

/** A run that waits for a human may wait this long for Slack first; an interrupted one is in a hurry. */
const SETTLE_MS = 10_000;
const SETTLE_INTERRUPTED_MS = 3_000;
/** A watch goes on for a day: what Slack missed at 03:00 is tried again until it gets through or the run stops. */
const RETRY_MS = 300_000;

/**
 * Follows a run and tells people. What became of each alert is a record of the journal. Begins with what the journal owes
 * from before: a killed process, a receiver that was down, records that were written outside the loop.
 *
 * No failure in here reaches the run: one that cannot be told is one that cannot be told.
 *
 * @example const alerts = createRunAlerts({ plan, journal, redact, say: console.error });
 */
export function createRunAlerts(options: {
  readonly plan: Plan;
  readonly journal: JournalStore;
  readonly redact: (text: string) => string;
  /** A line for the operator about what could not be delivered. */
  readonly say: (line: string) => void;
  readonly onRecord?: ((record: JournalRecord, state: RunState) => void) | undefined;
  readonly wait?: DeliveryOptions['wait'];
  /** Real time between two looks at what is still owed. Default five minutes. */
  readonly retryMs?: number | undefined;
}): RunAlerts {
  const { plan, journal, redact, say } = options;
  const channels = plan.target.alerts ?? [];
  if (channels.length === 0) return { onRecord: () => undefined, stop: async () => undefined };
  const pending = new Set<string>();
  const known = new Set<string>();
  const writing = new Set<Promise<void>>();
  const write = async (body: JournalBody): Promise<void> => {
    try {
      const record = await journal.append(body);
      options.onRecord?.(record, foldJournal(journal.records));
    } catch (error) {
      // A full disk stops the run by its own next record; here it must not come up as a rejection nobody awaits.
      say(`an alert's delivery could not be journalled: ${(error as Error).message}`);
    }
  };
  const keep = ({ id, event, channel, delivered, attempts, seen }: Delivery): void => {
    pending.delete(`${id} ${channel}`);
    // Once is enough to know that it is owed: a day of retries must not fill the journal.
    if (!delivered && known.has(`${id} ${channel}`)) return;
    known.add(`${id} ${channel}`);
    if (!delivered) say(`ALERT NOT DELIVERED to ${channel} (${event}): ${seen}`);
    const written = write({ type: 'alert', id, event, channel, delivered, attempts, seen });
    writing.add(written);
    void written.then(() => writing.delete(written));
  };
  const outbox = createOutbox({ channels, redact, onDelivery: keep, wait: options.wait });
  const post = (alert: Alert): void => {
    const free = channels.filter(
      (channel) => takes(channel, alert) && !pending.has(`${alert.id} ${channel.name}`),
    );
    for (const { name } of free) pending.add(`${alert.id} ${name}`);
    if (free.length > 0) outbox.post({ ...alert, channels: free.map(({ name }) => name) });
  };
  const postOwed = (): void => {
    for (const alert of owedAlerts(plan, journal.records)) post(alert);
  };
  postOwed();
  const retries = setInterval(postOwed, options.retryMs ?? RETRY_MS);
  retries.unref();
  return {
    onRecord(record, state) {
      const alert = alertOfRecord({ plan, record, state });
      if (alert !== undefined) post(alert);
    },
    async stop(halt) {
      clearInterval(retries);
      const alert = alertOfHalt({ plan, state: foldJournal(journal.records), halt });
      if (alert !== undefined) post(alert);
      await outbox.settle(halt.next === 'interrupted' ? SETTLE_INTERRUPTED_MS : SETTLE_MS);
      await Promise.all(writing);
    },
  };
}
