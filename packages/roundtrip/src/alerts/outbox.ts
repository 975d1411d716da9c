import type { Alert } from './alert.ts';
import type { AlertChannel } from './alert-channel.ts';
import { type Delivery, type DeliveryOptions, deliver } from './deliver.ts';

/** Alerts on their way. Nothing in it throws, and nobody has to wait for it. */
export interface Outbox {
  post(alert: Alert): void;
  /** Waits until all are delivered or given up; after `withinMs` the rest is given up. Bounded. */
  settle(withinMs: number): Promise<void>;
}

/** More than this many waiting in one channel means that nobody reads it: the rest is kept as undelivered. */
const WAITING_MAX = 100;

/**
 * Sends alerts to a target's channels: one after the other within a channel, so that they come in order; the channels
 * side by side, so that a silent one holds up none. `onDelivery` is told what became of each, exactly once.
 *
 * @example const outbox = createOutbox({ channels, redact, onDelivery: keep }); outbox.post(alert); await outbox.settle(10_000);
 */
export function createOutbox(options: {
  readonly channels: readonly AlertChannel[];
  readonly redact: DeliveryOptions['redact'];
  readonly onDelivery: (delivery: Delivery) => void;
  readonly wait?: DeliveryOptions['wait'];
}): Outbox {
  const { channels, redact, onDelivery, wait } = options;
  const stop = new AbortController();
  const lines = new Map(channels.map((channel) => [channel.name, { waiting: 0, tail: Promise.resolve() }]));
  const given = (alert: Alert, channel: AlertChannel, seen: string): Delivery => ({
    id: alert.id,
    event: alert.event,
    channel: channel.name,
    delivered: false,
    attempts: 0,
    seen,
  });
  const postTo = (alert: Alert, channel: AlertChannel): void => {
    const line = lines.get(channel.name);
    if (line === undefined) return;
    if (line.waiting >= WAITING_MAX) {
      onDelivery(given(alert, channel, `${WAITING_MAX} alerts wait in this channel already`));
      return;
    }
    line.waiting += 1;
    line.tail = line.tail
      .then(() => deliver(alert, channel, { signal: stop.signal, redact, wait }))
      .catch((error: unknown) => given(alert, channel, String(error)))
      .then((delivery) => {
        line.waiting -= 1;
        onDelivery(delivery);
      });
  };
  return {
    post(alert) {
      for (const channel of channels) if (takes(channel, alert)) postTo(alert, channel);
    },
    async settle(withinMs) {
      const giveUp = setTimeout(() => stop.abort(), withinMs);
      try {
        await Promise.all([...lines.values()].map(({ tail }) => tail));
      } finally {
        clearTimeout(giveUp);
      }
    },
  };
}

/** Whether a channel is meant to get an alert. */
export function takes(channel: AlertChannel, alert: Pick<Alert, 'event' | 'channels'>): boolean {
  if (alert.channels !== undefined && !alert.channels.includes(channel.name)) return false;
  return channel.events === undefined || channel.events.includes(alert.event);
}
