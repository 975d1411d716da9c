import { setTimeout as delay } from 'node:timers/promises';
import { Failed } from '../errors.ts';

/** A service that is in between, or whose state cannot be told, is "unknown" and never taken for either. */
export type ServiceState = 'running' | 'stopped' | 'unknown';

/** What a look at a service found. */
export interface ServiceLook {
  readonly state: ServiceState;
  /** In its manager's words: "api_00 BACKOFF Exited too quickly". */
  readonly detail?: string | undefined;
  /** It will not come up by itself any more: waiting on is of no use. */
  readonly failed?: boolean | undefined;
}

export interface ServiceAsk {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A service under some manager. */
export interface ServiceControl {
  readonly name: string;
  /** For each command, and for all of the wait after it. */
  readonly timeoutMs: number;
  look(ask: ServiceAsk): Promise<ServiceLook>;
  /** Asks the manager for a state; that it answered does not mean that it is so. */
  command(wanted: 'running' | 'stopped', ask: ServiceAsk): Promise<void>;
}

const POLL_MS = 100;
const LAST_LOOK_MS = 5_000;

/**
 * Brings a service into a state and waits until its manager says that it is there: a command may return before.
 * Idempotent.
 *
 * @throws Failed `service-not-in-state`, with the manager's words.
 */
export async function bringService(
  control: ServiceControl,
  wanted: 'running' | 'stopped',
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { timeoutMs, name } = control;
  if ((await control.look({ timeoutMs, signal })).state === wanted) return;
  try {
    await control.command(wanted, { timeoutMs, signal });
  } catch (error) {
    throw await explained(error, { control, wanted, signal });
  }
  const deadline = Date.now() + timeoutMs;
  for (let seen: string | undefined; ; ) {
    const leftMs = deadline - Date.now();
    if (leftMs <= 0)
      throw notInState({
        name,
        wanted,
        seen: `${seen ?? 'not looked at'} ${timeoutMs} ms after its command succeeded`,
      });
    const look = await lookWithin(control, { timeoutMs: leftMs, signal });
    if (look.state === wanted) return;
    // The last look may have no time to end: what the one before it found says more.
    if (seen === undefined || look.tooLate !== true) seen = words(look);
    if (wanted === 'running' && look.failed === true) throw notInState({ name, wanted, seen });
    await delay(Math.min(POLL_MS, Math.max(1, deadline - Date.now())), undefined, { signal });
  }
}

/** `supervisorctl start` waits as long as a program goes on failing: what it is doing says more than that it took too long. */
async function explained(
  error: unknown,
  asked: {
    readonly control: ServiceControl;
    readonly wanted: string;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<unknown> {
  if ((error as { code?: string }).code !== 'process-timed-out') return error;
  const { control, wanted, signal } = asked;
  const look = await lookWithin(control, { timeoutMs: LAST_LOOK_MS, signal });
  const seen = `${words(look)}; its command was still running after ${control.timeoutMs} ms`;
  return notInState({ name: control.name, wanted, seen, cause: error });
}

function words({ state, detail }: ServiceLook): string {
  return detail === undefined ? state : `${state} (${detail})`;
}

/** A look that takes all the time that is left tells nothing; that is a state too, and not an error of another kind. */
async function lookWithin(
  control: ServiceControl,
  ask: ServiceAsk,
): Promise<ServiceLook & { tooLate?: true }> {
  try {
    return await control.look(ask);
  } catch (error) {
    if ((error as { code?: string }).code !== 'process-timed-out') throw error;
    return { state: 'unknown', detail: 'the status command did not end', tooLate: true };
  }
}

function notInState(parts: {
  readonly name: string;
  readonly wanted: string;
  readonly seen: string;
  readonly cause?: unknown;
}): Failed {
  return new Failed({
    code: 'service-not-in-state',
    seen: `${parts.name} is ${parts.seen}`,
    expected: `${parts.name} ${parts.wanted}`,
    next: "look at the service's log",
    cause: parts.cause,
  });
}
