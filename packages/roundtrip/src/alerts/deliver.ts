import { setTimeout as sleep } from 'node:timers/promises';
import { asRoundtripError } from '../errors.ts';
import { createRedactor } from '../process/redact.ts';
import { type Alert, redactAlert } from './alert.ts';
import { type AlertChannel, readSecret, secretFiles, whatLacks } from './alert-channel.ts';
import type { AttemptAsk, AttemptResult } from './attempt.ts';
import { postToSlack } from './post-to-slack.ts';
import { postToWebhook } from './post-to-webhook.ts';
import { sendMail } from './send-mail.ts';

/** What became of one alert in one channel. */
export interface Delivery {
  readonly id: string;
  readonly event: Alert['event'];
  readonly channel: string;
  readonly delivered: boolean;
  readonly attempts: number;
  /** The receiver's answer, or why it has not got it. */
  readonly seen: string;
}

export interface DeliveryOptions {
  readonly signal: AbortSignal;
  /** Replaces the secrets of the run; those of the channel are known here. */
  readonly redact: (text: string) => string;
  readonly wait?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
}

/** Before the second, third … attempt. With ten seconds for each of the five it is over within two and a half minutes. */
const BACKOFF_MS: readonly number[] = [1_000, 5_000, 20_000, 60_000];
/** Slack asks for up to a minute (429); nobody is waited for longer. */
const WAIT_MS_MAX = 120_000;
const TIMEOUT_MS = 10_000;

/**
 * Delivers an alert to one channel: tried up to five times, with growing pauses, as the receiver wishes. Never throws:
 * an alert that cannot be delivered is a fact to be kept, and no reason to stop a migration.
 *
 * @example const { delivered, seen } = await deliver(alert, channel, { signal, redact });
 */
export async function deliver(
  alert: Alert,
  channel: AlertChannel,
  options: DeliveryOptions,
): Promise<Delivery> {
  const { signal } = options;
  const wait = options.wait ?? ((ms: number, until: AbortSignal) => sleep(ms, undefined, { signal: until }));
  const redact = redactorFor(channel, options.redact);
  const clean = redactAlert(alert, redact);
  const ask: AttemptAsk = { alert: clean, timeoutMs: channel.timeoutMs ?? TIMEOUT_MS, signal };
  const delivery = (delivered: boolean, attempts: number, seen: string): Delivery => ({
    id: alert.id,
    event: alert.event,
    channel: channel.name,
    delivered,
    attempts,
    seen: redact(seen),
  });
  let seen = 'it was not tried';
  for (let attempt = 1; ; attempt++) {
    if (signal.aborted) return delivery(false, attempt - 1, `given up when the run stopped: ${seen}`);
    const result = await attemptOnce(channel, ask);
    if (result.delivered) return delivery(true, attempt, result.answer);
    seen = result.seen;
    const pauseMs = BACKOFF_MS[attempt - 1];
    if (!result.again || pauseMs === undefined) return delivery(false, attempt, seen);
    try {
      await wait(Math.min(WAIT_MS_MAX, Math.max(pauseMs, result.waitMs ?? 0)), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

async function attemptOnce(channel: AlertChannel, ask: AttemptAsk): Promise<AttemptResult> {
  try {
    switch (channel.kind) {
      case 'slack':
        return await postToSlack(channel, ask);
      case 'webhook':
        return await postToWebhook(channel, ask);
      case 'email':
        return await sendMail(channel, ask);
      default:
        return { delivered: false, seen: `it lacks ${whatLacks(channel).join(', ')}`, again: false };
    }
  } catch (error) {
    // A channel that is not set up well: its secret is missing, its address is none.
    return { delivered: false, seen: asRoundtripError(error).seen, again: false };
  }
}

/** The channel's own secret may come back in an answer or an error. One that cannot be read cannot leak. */
function redactorFor(channel: AlertChannel, redact: (text: string) => string): (text: string) => string {
  const secrets = secretFiles(channel).flatMap((file) => {
    try {
      return [readSecret(file)];
    } catch {
      return []; // The attempt itself reports it.
    }
  });
  const own = createRedactor(secrets);
  return (text) => own(redact(text));
}
