import { setTimeout as delay } from 'node:timers/promises';
import { asRoundtripError, Failed, Refused } from '../errors.ts';
import { type Client, connect, type DatabaseAddress, endSession } from '../postgres/connection.ts';
import { lostSession } from '../postgres/lost-session.ts';
import { shownAddress } from './control-address.ts';

const CONNECT_MS = 5_000;
/** A network that swallows packets tells nothing: a statement that takes longer than this has lost its session. */
export const ANSWER_MS = 15_000;
const LOOK_MS = 60_000;
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Opens a session on a store, with commits that are on disk when they return, whatever the server's default is.
 *
 * @throws Failed `control-store-unreachable`, also for a replica.
 */
export async function openControl(address: DatabaseAddress): Promise<Client> {
  let client: Client | undefined;
  try {
    client = await connect(address, { applicationName: 'roundtrip control', connectTimeoutMs: CONNECT_MS });
    // A partner that is gone without a word (a power cut) must not keep the lock for hours.
    const { rows } = await answered(
      client.query<{ replica: boolean }>(
        `SELECT pg_is_in_recovery() AS replica, set_config('synchronous_commit', 'on', false),
                set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
                set_config('tcp_keepalives_count', '3', false)`,
      ),
    );
    if (rows[0]?.replica !== true) return client;
  } catch (error) {
    if (client !== undefined) cut(client);
    if (asRoundtripError(error).code !== 'connection-failed' && !isLoss(error)) throw error;
    throw unreachable(address, said(error), error);
  }
  await endSession(client);
  throw unreachable(address, 'it is a replica');
}

/**
 * Opens a session on a store for the length of `work`, which has a minute.
 *
 * @throws Failed `control-store-unreachable`; Refused `control-store-privileges`.
 * @example const found = await withControl(address, readHolder);
 */
export async function withControl<T>(
  address: DatabaseAddress,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await openControl(address);
  try {
    return await answered(work(client), LOOK_MS);
  } catch (error) {
    if ((error as { code?: string }).code === INSUFFICIENT_PRIVILEGE) throw notAllowed(address, error);
    throw isLoss(error) ? unreachable(address, said(error), error) : error;
  } finally {
    await endSession(client);
    cut(client);
  }
}

class NoAnswer extends Error {}

/** A promise with a deadline: a session whose answers are lost on the way never rejects by itself. */
export async function answered<T>(asked: Promise<T>, withinMs = ANSWER_MS): Promise<T> {
  const stop = new AbortController();
  const late = delay(withinMs, undefined, { signal: stop.signal }).then(() => {
    throw new NoAnswer(`no answer within ${withinMs / 1000} s`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([asked, late]);
  } finally {
    stop.abort();
  }
}

/** What went wrong in the words of whoever met it first. */
export function said(error: unknown): string {
  const { cause = error } = error as { cause?: unknown };
  if (!(cause instanceof Error)) return String(cause);
  return cause.message === '' ? String((cause as { code?: string }).code) : cause.message;
}

/** Whether the session is gone, so that asking again on another one is what helps. */
export function isLoss(error: unknown): boolean {
  return error instanceof NoAnswer || lostSession(error) !== undefined;
}

/** Ends a session at once: a half-open one would take a quarter of an hour to end politely. */
export function cut(client: Client): void {
  client.connection.stream.destroy();
}

/** The error of a store that gives no answer, for whatever reason. */
export function unreachable(address: DatabaseAddress, why: string, cause?: unknown): Failed {
  return new Failed({
    code: 'control-store-unreachable',
    seen: `the control store ${shownAddress(address)}: ${why}`,
    expected: 'an answer: nothing is begun that is not in the journal',
    next: 'bring the control store back, then `roundtrip resume`; `roundtrip status` shows the copy on this machine meanwhile',
    cause,
  });
}

function notAllowed(address: DatabaseAddress, cause: unknown): Refused {
  return new Refused({
    code: 'control-store-privileges',
    seen: `the control store ${shownAddress(address)} as ${address.user}: ${said(cause)}`,
    expected:
      'the role that has made the schema roundtrip_control, or a member of it; CREATE in the database for who makes it',
    next: 'connect as that role, or GRANT what is missing',
    cause,
  });
}
