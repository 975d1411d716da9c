import { Failed, Refused } from '../../errors.ts';
import { type Client, connect, type DatabaseAddress, endSession } from '../connection.ts';
import { drainTo } from './drain.ts';
import { streamHealth } from './health.ts';
import type { ReplicationStream } from './stream.ts';

/** Sessions on both sides of a stream that are opened before the fence, since nobody can open one behind it. */
export interface StreamSessions {
  readonly publishers: readonly Client[];
  readonly subscribers: readonly Client[];
  /** Backends of the publisher that the fence must spare: these sessions and the stream's walsender. */
  readonly sparePids: readonly number[];
  /** Ends them, once; a second call waits for the same end. */
  end(): Promise<void>;
}

const APPLICATION = 'roundtrip drain';

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
  let ended: Promise<unknown> | undefined;
  const end = async (): Promise<void> => {
    ended ??= Promise.all(opened.map(endSession));
    await ended;
  };
  try {
    const sides = {
      publishers: await open(addresses.publisher),
      subscribers: await open(addresses.subscriber),
    };
    const { publisher, subscriber } = sessionPair(sides);
    await drainTo({ publisher, subscriber }, stream, options);
    const { publishers: sparePids } = await sparedBackends(sides, stream);
    return { ...sides, sparePids, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/**
 * Backends that a fence must spare so that the stream can be drained behind it: on the publisher's side our sessions
 * and the walsender, on the subscriber's our sessions and the worker. Asked for just before a fence: walsender and
 * worker are others after each loss of their connection.
 *
 * @throws Failed `stream-broken` when the stream does not run.
 */
export async function sparedBackends(
  sides: Pick<StreamSessions, 'publishers' | 'subscribers'>,
  stream: Pick<ReplicationStream, 'slot' | 'subscription'>,
): Promise<{ readonly publishers: readonly number[]; readonly subscribers: readonly number[] }> {
  const { publisher, subscriber } = sessionPair(sides);
  const { slot, subscription } = await streamHealth({ publisher, subscriber }, stream);
  if (slot.activePid === null || subscription.workerPid === null) throw broken(stream);
  return {
    publishers: [slot.activePid, ...(await pidsOf(sides.publishers))],
    subscribers: [subscription.workerPid, ...(await pidsOf(sides.subscribers))],
  };
}

async function pidsOf(sessions: readonly Client[]): Promise<number[]> {
  const pids: number[] = [];
  for (const session of sessions) {
    const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    if (rows[0] !== undefined) pids.push(rows[0].pid);
  }
  return pids;
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

function broken(stream: Pick<ReplicationStream, 'slot'>): Failed {
  return new Failed({
    code: 'stream-broken',
    seen: `nothing is connected to slot ${stream.slot}`,
    expected: 'the walsender of the stream, before the fence closes the database to it',
    next: 'nothing was closed; wait until the subscription has connected again, then repeat',
  });
}
