import { setTimeout as delay } from 'node:timers/promises';
import { Ambiguous, asRoundtripError, type RoundtripError } from '../errors.ts';
import { type Client, type DatabaseAddress, endSession } from '../postgres/connection.ts';
import { shownAddress } from './control-address.ts';
import { endHolder, eraseHolder, readHolder, tryLock, writeHolder } from './lock-holder.ts';
import { ANSWER_MS, answered, cut, isLoss, openControl, said, unreachable } from './open-control.ts';
import { isAlive, type LockHolder, lockedBy, toldHolder } from './operator-lock.ts';

/** So long a run waits for its store before it stops. */
const PATIENCE_MS = 60_000;
/** How often in that time a session is asked for a sign of life. */
const BEATS = 6;
const AGAIN_MS = 500;
/** A holder whose process was killed a moment ago still has its session until the server notices. */
const HANDOVER_MS = 1_000;
/** Of a process that is known to be gone the server will notice, however busy the machine is. */
const HANDOVER_FROM_DEAD_MS = 30_000;

/** The session that holds the lock of a store. What is appended goes through it: who has lost the lock cannot append. */
export interface ControlSession {
  /** Aborted when somebody else may hold the lock. */
  readonly lost: AbortSignal;
  /**
   * Does something on the session. Where the session breaks meanwhile, it is done again on the next one that holds the
   * lock, and told so: what it did first may have taken effect.
   *
   * @throws Failed `control-store-unreachable`; Ambiguous `lock-lost`. From then on always the same.
   */
  use<T>(work: (client: Client, isRepeated: boolean) => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

/**
 * Takes the lock of a store on a session of its own.
 *
 * @throws Refused `locked`, naming the holder; Failed `control-store-unreachable`.
 * @example const session = await holdControl({ address, holder, say: console.error }); await session.use((client) => client.query('SELECT 1'));
 */
export async function holdControl(options: {
  readonly address: DatabaseAddress;
  readonly holder: LockHolder;
  readonly say: (line: string) => void;
  readonly patienceMs?: number | undefined;
}): Promise<ControlSession> {
  const { address, holder, say, patienceMs = PATIENCE_MS } = options;
  const client = await openControl(address);
  try {
    await lock(client, address, holder);
  } catch (error) {
    cut(client);
    throw isLoss(error) ? unreachable(address, said(error), error) : error;
  }
  return new HeldSession(client, { address, holder, say, patienceMs });
}

async function lock(client: Client, address: DatabaseAddress, holder: LockHolder): Promise<void> {
  const startMs = performance.now();
  while (!(await answered(tryLock(client)))) {
    const found = await answered(readHolder(client));
    const patienceMs = found === undefined || isAlive(found.holder) ? HANDOVER_MS : HANDOVER_FROM_DEAD_MS;
    if (performance.now() - startMs > patienceMs)
      throw lockedBy(`the control store ${shownAddress(address)}`, found?.holder);
    await delay(50);
  }
  await answered(writeHolder(client, holder));
}

interface Holding {
  readonly address: DatabaseAddress;
  readonly holder: LockHolder;
  readonly say: (line: string) => void;
  readonly patienceMs: number;
}

class HeldSession implements ControlSession {
  readonly #holding: Holding;
  readonly #lost = new AbortController();
  /** The session that is there; none while the next one is being looked for. */
  #current: Client | undefined;
  /** Rejected for good once there will be none. */
  #session: Promise<Client>;
  #ended = false;
  #users = 0;
  #asking: Promise<void> = Promise.resolve();
  readonly #beat: NodeJS.Timeout;

  constructor(client: Client, holding: Holding) {
    this.#holding = holding;
    this.#session = Promise.resolve(this.#adopt(client));
    this.#beat = setInterval(() => {
      // Whoever uses it notices by themselves.
      if (this.#users === 0) this.#asking = this.#ask();
    }, holding.patienceMs / BEATS);
    this.#beat.unref();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async use<T>(work: (client: Client, isRepeated: boolean) => Promise<T>): Promise<T> {
    const { address, patienceMs } = this.#holding;
    const untilMs = performance.now() + patienceMs;
    for (let isRepeated = false; ; isRepeated = true) {
      // One question at a time on one session.
      await this.#asking;
      const client = await this.#session;
      this.#users += 1;
      try {
        return await answered(work(client, isRepeated));
      } catch (error) {
        if (!isLoss(error)) throw error;
        if (performance.now() > untilMs) throw this.#giveUp(client, unreachable(address, said(error), error));
        this.#replace(client);
      } finally {
        this.#users -= 1;
      }
    }
  }

  async end(): Promise<void> {
    this.#ended = true;
    clearInterval(this.#beat);
    const client = await this.#session.catch(() => undefined);
    if (client === undefined) return;
    // The lock goes with the session; the row of a holder without one is only a name.
    await answered(eraseHolder(client, this.#holding.holder)).catch(() => undefined);
    await endSession(client);
    cut(client);
  }

  /** A network that swallows packets says nothing by itself, and the server frees the lock of a session that it takes for gone. */
  async #ask(): Promise<void> {
    const client = this.#current;
    if (client === undefined) return;
    const withinMs = Math.min(ANSWER_MS, this.#holding.patienceMs);
    this.#users += 1;
    await answered(client.query('SELECT 1'), withinMs).catch(() => this.#replace(client));
    this.#users -= 1;
  }

  #adopt(client: Client): Client {
    this.#current = client;
    // Also one that ends while nobody uses it: the lock is free meanwhile.
    client.once('end', () => this.#replace(client));
    return client;
  }

  #replace(broken: Client): void {
    cut(broken);
    if (this.#ended || this.#current !== broken) return;
    this.#current = undefined;
    this.#session = this.#regain().then((client) => this.#adopt(client));
    this.#session.catch((error: unknown) => this.#lost.abort(error));
  }

  #giveUp(broken: Client, error: RoundtripError): RoundtripError {
    cut(broken);
    this.#current = undefined;
    this.#session = Promise.reject(error);
    this.#session.catch(() => this.#lost.abort(error));
    return error;
  }

  async #regain(): Promise<Client> {
    const { address, say, patienceMs } = this.#holding;
    const untilMs = performance.now() + patienceMs;
    say(
      `the session on the control store ${shownAddress(address)} is lost: asking for ${patienceMs / 1000} s`,
    );
    for (;;) {
      try {
        const client = await this.#lockAgain();
        say('the control store answers again, and the lock is still ours');
        return client;
      } catch (error) {
        const known = asRoundtripError(isLoss(error) ? unreachable(address, said(error), error) : error);
        if (known.code !== 'control-store-unreachable' || performance.now() > untilMs || this.#ended)
          throw known;
        await delay(AGAIN_MS);
      }
    }
  }

  /** On a fresh session, unless the lock was somebody else's meanwhile: what they did we have not seen. */
  async #lockAgain(): Promise<Client> {
    const { address, holder } = this.#holding;
    const client = await openControl(address);
    try {
      const found = await answered(readHolder(client));
      if (!isSame(found?.holder, holder)) throw lockLost(found?.holder);
      // Our own session of before, whose end the server has not noticed.
      if (found?.isHeld === true) await answered(endHolder(client, found));
      if (!(await answered(tryLock(client)))) throw unreachable(address, 'another session has the lock');
      const after = await answered(readHolder(client));
      if (!isSame(after?.holder, holder)) throw lockLost(after?.holder);
      await answered(writeHolder(client, holder));
      return client;
    } catch (error) {
      cut(client);
      throw error;
    }
  }
}

function isSame(found: LockHolder | undefined, own: LockHolder): boolean {
  return JSON.stringify(found) === JSON.stringify(own);
}

function lockLost(holder: LockHolder | undefined): Ambiguous {
  return new Ambiguous({
    code: 'lock-lost',
    seen: `the session that held the lock of the control store was lost, and the lock was given to ${toldHolder(holder)}`,
    expected: 'it to last as long as the run',
    next: 'talk to them; when nobody operates any more, resume',
    fields: { holder },
  });
}
