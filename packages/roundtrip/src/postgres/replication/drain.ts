import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Failed } from '../../errors.ts';
import type { Client } from '../connection.ts';
import { streamHealth } from './health.ts';
import { endOfWal, flushCommits, readMarker, writeMarker } from './marker.ts';
import type { ReplicationStream } from './stream.ts';

export interface Drained {
  /** The publisher's end of WAL after the marker: everything before it that is published has been applied. */
  readonly targetLsn: string;
  readonly waitedMs: number;
}

const POLL_MS = 2;

/**
 * Waits until everything that the publisher committed before this call is applied on the subscriber and
 * survives a crash there. After a fence:
 * until the two are alike. The marker row is the proof (`marker.ts`), not a position that somebody reports.
 *
 * @throws Failed `drain-timed-out` with the state of the stream.
 */
export async function drainTo(
  sessions: { readonly publisher: Client; readonly subscriber: Client },
  stream: ReplicationStream,
  options: { readonly timeoutMs: number },
): Promise<Drained> {
  const { publisher, subscriber } = sessions;
  const startedMs = performance.now();
  const value = randomBytes(12).toString('hex');
  await writeMarker(publisher, stream.name, value);
  // Asked for while the marker is on its way; its failure is looked at once that has arrived.
  const asked = Promise.allSettled([endOfWal(publisher)]);
  for (;;) {
    if ((await readMarker(subscriber, stream.name)) === value) break;
    if (performance.now() - startedMs > options.timeoutMs)
      throw await timedOut(sessions, stream, options.timeoutMs);
    await delay(POLL_MS);
  }
  await flushCommits(subscriber);
  const [end] = await asked;
  if (end.status === 'rejected') throw end.reason;
  return { targetLsn: end.value, waitedMs: performance.now() - startedMs };
}

async function timedOut(
  sessions: { readonly publisher: Client; readonly subscriber: Client },
  stream: ReplicationStream,
  timeoutMs: number,
): Promise<Failed> {
  const health = await streamHealth(sessions, stream);
  return new Failed({
    code: 'drain-timed-out',
    seen: `stream ${stream.name} is ${health.slot.lagBytes} bytes behind after ${timeoutMs} ms: ${health.reasons.join('; ') || 'it is running'}`,
    expected: 'every change applied',
    next: 'nothing was switched: open the database again, let the stream catch up, then repeat',
    fields: { health },
  });
}
