import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An alert as it came in. */
export interface Received {
  readonly id: string;
  readonly event: string;
  readonly title: string;
  /** Number and hash of the journal's newest record, when it was sent. */
  readonly head: { readonly n: number; readonly hash: string } | undefined;
  /** By the key that both sides know. */
  readonly signed: boolean;
  /** Answered with 503, as by a receiver that is being restarted. */
  readonly refused: boolean;
}

/** Somebody who is told. */
export interface WebhookReceiver {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 1 << 20;

/**
 * Receives alerts on a port of its own, checks their signature (standardwebhooks.com: HMAC-SHA256 over id, timestamp and
 * body) and refuses the first of `refuseFirst` once: what is not delivered must be tried again.
 *
 * @example const pager = await openWebhookReceiver({ secret: 'abc', refuseFirst: 'rollback-begun' });
 */
export async function openWebhookReceiver(options: {
  readonly secret: string;
  readonly refuseFirst: string;
}): Promise<WebhookReceiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) request.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const alert = JSON.parse(body) as Pick<Received, 'id' | 'event' | 'title' | 'head'>;
      const refused =
        alert.event === options.refuseFirst && !received.some(({ event }) => event === options.refuseFirst);
      const { id, event, title, head } = alert;
      received.push({
        id,
        event,
        title,
        head,
        signed: isSigned(request.headers, body, options.secret),
        refused,
      });
      response.statusCode = refused ? 503 : 204;
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/alerts`,
    received,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function isSigned(headers: IncomingHttpHeaders, body: string, secret: string): boolean {
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  const expected = Buffer.from(`v1,${createHmac('sha256', secret).update(signed).digest('base64')}`);
  const given = Buffer.from(String(headers['webhook-signature']));
  return given.length === expected.length && timingSafeEqual(given, expected);
}
