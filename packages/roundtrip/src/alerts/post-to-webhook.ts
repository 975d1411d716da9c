import { Webhook } from 'standardwebhooks';
import type { Alert } from './alert.ts';
import { readSecret, type WebhookChannel } from './alert-channel.ts';
import { type AttemptAsk, type AttemptResult, reasonOf, resultOfStatus } from './attempt.ts';

/** How a Standard Webhooks key is written; any other text is taken as the key's bytes. */
const KEY_PREFIX = 'whsec_';

/**
 * Posts an alert as JSON. With a key it carries `webhook-id`, `webhook-timestamp` and `webhook-signature` (HMAC-SHA256 over
 * all three and the body; standardwebhooks.com): the receiver knows who sent it, and drops repetitions by its id.
 */
export async function postToWebhook(channel: WebhookChannel, ask: AttemptAsk): Promise<AttemptResult> {
  const url = channel.url ?? (channel.urlFile === undefined ? '' : readSecret(channel.urlFile));
  const deadline = AbortSignal.any([ask.signal, AbortSignal.timeout(ask.timeoutMs)]);
  const body = JSON.stringify({ version: 1, type: 'alert', ...ask.alert });
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'roundtrip',
    ...signatureOf(channel, ask.alert, body),
  };
  try {
    // A redirect would take the signed message to somebody else.
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers,
      redirect: 'manual',
      signal: deadline,
    });
    const text = await response.text();
    return resultOfStatus({
      status: response.status,
      body: text,
      retryAfter: response.headers.get('retry-after'),
    });
  } catch (error) {
    const why = deadline.aborted ? `no answer within ${ask.timeoutMs} ms` : reasonOf(error);
    return { delivered: false, seen: `the webhook gave no answer: ${why}`, again: true };
  }
}

function signatureOf(channel: WebhookChannel, alert: Alert, body: string): Record<string, string> {
  if (channel.secretFile === undefined) return {};
  const secret = readSecret(channel.secretFile);
  const signer = new Webhook(secret, secret.startsWith(KEY_PREFIX) ? {} : { format: 'raw' });
  const sentAt = new Date();
  return {
    'webhook-id': alert.id,
    'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
    'webhook-signature': signer.sign(alert.id, sentAt, body),
  };
}
