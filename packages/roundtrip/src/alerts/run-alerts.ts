import type { Halt } from '../engine/execute.ts';
import { foldJournal, type RunState } from '../journal/fold.ts';
import type { JournalStore } from '../journal/journal-file.ts';
import type { JournalRecord } from '../journal/record.ts';
import type { Plan } from '../runbook/plan.ts';
import { alertOfHalt } from './alert-of-halt.ts';
import { alertOfRecord } from './alert-of-record.ts';
import type { Delivery, DeliveryOptions } from './deliver.ts';
import { createOutbox } from './outbox.ts';
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
}): RunAlerts {
  const { plan, journal, redact, say } = options;
  const channels = plan.target.alerts ?? [];
  if (channels.length === 0) return { onRecord: () => undefined, stop: async () => undefined };
  const keep = ({ id, event, channel, delivered, attempts, seen }: Delivery): void => {
    if (!delivered) say(`ALERT NOT DELIVERED to ${channel} (${event}): ${seen}`);
    try {
      const record = journal.append({ type: 'alert', id, event, channel, delivered, attempts, seen });
      options.onRecord?.(record, foldJournal(journal.records));
    } catch (error) {
      // A full disk stops the run by its own next record; here it must not come up as a rejection nobody awaits.
      say(`an alert's delivery could not be journalled: ${(error as Error).message}`);
    }
  };
  const outbox = createOutbox({ channels, redact, onDelivery: keep, wait: options.wait });
  for (const alert of owedAlerts(plan, journal.records)) outbox.post(alert);
  return {
    onRecord(record, state) {
      const alert = alertOfRecord({ plan, record, state });
      if (alert !== undefined) outbox.post(alert);
    },
    async stop(halt) {
      const alert = alertOfHalt({ plan, state: foldJournal(journal.records), halt });
      if (alert !== undefined) outbox.post(alert);
      await outbox.settle(halt.next === 'interrupted' ? SETTLE_INTERRUPTED_MS : SETTLE_MS);
    },
  };
}
