import { setTimeout as delay } from 'node:timers/promises';
import { Failed, Refused } from '../../errors.ts';
import { type Client, connect, type DatabaseAddress } from '../connection.ts';
import { drainTo } from './drain.ts';
import { slotHealth } from './health.ts';
import type { ReplicationStream } from './stream.ts';

/** Sessions on both sides of a stream that are opened before the fence, since nobody can open one behind it. */
export interface StreamSessions {
  readonly publishers: readonly Client[];
  readonly subscribers: readonly Client[];
  /** Backends of the publisher that the fence must spare: these sessions and the stream's walsender. */
  readonly sparePids: readonly number[];
  end(): Promise<void>;
}

const APPLICATION = 'roundtrip drain';
const END_TIMEOUT_MS = 1_000;

/**
 * Opens sessions on both sides and drains once, so that what is left to do behind the fence is little.
 *
 * @throws Failed `drain-timed-out`, `stream-broken` when the stream does not run: nothing was closed then.
 */
export async function openStreamSessions(
  addresses: { readonly publisher: DatabaseAddress; readonly subscriber: DatabaseAddress },
  stream: ReplicationStream,
  options: { readonly timeoutMs: number; readonly workers?: number | undefined },
): Promise<StreamSessions> {
  const opened: Client[] = [];
  const open = async (address: DatabaseAddress): Promise<Client[]> => {
    const sessions: Client[] = [];
    for (let count = options.workers ?? 2; count > 0; count -= 1) {
      const session = await connect(address, { applicationName: APPLICATION });
      sessions.push(session);
      opened.push(session);
    }
    return sessions;
  };
  const end = async (): Promise<void> => {
    // A session that the fence has terminated may never report its end: the rest of the switch must not wait for it.
    const all = Promise.all(opened.map((session) => session.end()));
    await Promise.race([all, delay(END_TIMEOUT_MS, undefined, { ref: false })]);
  };
  try {
    const sides = {
      publishers: await open(addresses.publisher),
      subscribers: await open(addresses.subscriber),
    };
    const { publisher, subscriber } = sessionPair(sides);
    await drainTo({ publisher, subscriber }, stream, options);
    const { activePid } = await slotHealth(publisher, stream.slot);
    if (activePid === null) throw broken(stream);
    const sparePids = [activePid];
    for (const session of sides.publishers) {
      const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      if (rows[0] !== undefined) sparePids.push(rows[0].pid);
    }
    return { ...sides, sparePids, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** The first session of each side. */
export function sessionPair(sessions: Pick<StreamSessions, 'publishers' | 'subscribers'>): {
  readonly publisher: Client;
  readonly subscriber: Client;
} {
  const [publisher, subscriber] = [sessions.publishers[0], sessions.subscribers[0]];
  if (publisher !== undefined && subscriber !== undefined) return { publisher, subscriber };
  throw new Refused({
    code: 'stream-without-sessions',
    seen: 'no session on one side',
    expected: 'at least one on each',
    next: 'open them with at least one worker',
  });
}

function broken(stream: ReplicationStream): Failed {
  return new Failed({
    code: 'stream-broken',
    seen: `nothing is connected to slot ${stream.slot}`,
    expected: 'the walsender of the stream, before the fence closes the database to it',
    next: 'nothing was closed; wait until the subscription has connected again, then repeat',
  });
}
