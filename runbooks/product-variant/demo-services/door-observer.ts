import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** One look at the front door. */
export interface Look {
  readonly atMs: number;
  /** Null where nobody answered. */
  readonly status: number | null;
  /** nginx turned the customer away, and not the shop behind it. */
  readonly closed: boolean;
  readonly retryAfter: string | null;
  /** The page says so in words that customers read. */
  readonly page: boolean;
  readonly error?: string | undefined;
}

/** Somebody who looks at the front door all the time, each time anew. */
export interface DoorObserver {
  /** From an address like that of every customer. */
  readonly customer: readonly Look[];
  /** From the address that is let through. */
  readonly operator: readonly Look[];
  stop(): Promise<void>;
}

const EVERY_MS = 100;
const TIMEOUT_MS = 10_000;
const WORDS = 'технические работы';

/**
 * Looks at a page through the front door ten times a second, as a customer and as an operator, each over a connection of
 * its own: a kept one would not see that nobody listens any more.
 *
 * @example const door = observeDoor({ url: 'http://127.0.0.1:8080/api/categories/', operatorAddress: '127.0.0.9' });
 */
export function observeDoor(options: {
  readonly url: string;
  readonly operatorAddress: string;
}): DoorObserver {
  const { url, operatorAddress } = options;
  const customer: Look[] = [];
  const operator: Look[] = [];
  const stopping = new AbortController();
  const watchFrom = async (looks: Look[], localAddress: string | undefined): Promise<void> => {
    while (!stopping.signal.aborted) {
      looks.push(await look(url, localAddress));
      await sleep(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const watching = Promise.all([watchFrom(customer, undefined), watchFrom(operator, operatorAddress)]);
  return {
    customer,
    operator,
    stop: async () => {
      stopping.abort();
      await watching;
    },
  };
}

function look(url: string, localAddress: string | undefined): Promise<Look> {
  const atMs = Date.now();
  return new Promise((resolve) => {
    const nobody = (error: Error): void =>
      resolve({ atMs, status: null, closed: false, retryAfter: null, page: false, error: error.message });
    const asking = request(
      url,
      { agent: false, timeout: TIMEOUT_MS, ...(localAddress === undefined ? {} : { localAddress }) },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', nobody);
        answer.once('end', () =>
          resolve({
            atMs,
            status: answer.statusCode ?? null,
            closed: answer.headers['roundtrip-maintenance'] === 'on',
            retryAfter: answer.headers['retry-after'] ?? null,
            page: Buffer.concat(chunks).toString('utf8').includes(WORDS),
          }),
        );
      },
    );
    asking.once('timeout', () => asking.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    asking.once('error', nobody);
    asking.end();
  });
}
