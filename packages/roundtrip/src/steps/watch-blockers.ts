import { setTimeout as delay } from 'node:timers/promises';
import { Failed } from '../errors.ts';
import { type Client, connect, type DatabaseAddress, endSession } from '../postgres/connection.ts';
import { formatMs } from '../runbook/duration.ts';

/** A command's sessions, looked at for as long as it runs. */
export interface BlockerWatch {
  /** Aborted, with the error as its reason, once a session has waited for a lock longer than patience allows. */
  readonly signal: AbortSignal;
  stop(): Promise<void>;
}

const LOOK_MS = 500;
/** A wait that is over by then is nobody's business. */
const TOLD_MS = 2_000;

interface Blocked {
  readonly relation: string | null;
  readonly waitedMs: number;
  readonly blockers: readonly string[];
  readonly pids: readonly number[];
}

/**
 * Looks whether the sessions of a command wait for a lock that somebody else holds. It says so with the holder's pid, name and
 * statement, and after `patienceMs` it gives up: everybody who wants the table queues behind a migration that waits. Sessions
 * are known by their `application_name`, which the command takes from its environment; the holder is left alone.
 *
 * @example const watch = await watchBlockers(address, { applicationName, patienceMs: 60_000, log })
 */
export async function watchBlockers(
  address: DatabaseAddress,
  options: {
    readonly applicationName: string;
    readonly patienceMs: number;
    readonly log: (line: string) => void;
  },
): Promise<BlockerWatch> {
  const client = await connect(address, { applicationName: 'roundtrip observe', statementTimeoutMs: 10_000 });
  const giveUp = new AbortController();
  const stopping = new AbortController();
  const watching = watch(client, giveUp, { ...options, stopped: stopping.signal });
  return {
    signal: giveUp.signal,
    stop: async () => {
      stopping.abort();
      await watching;
      await endSession(client);
    },
  };
}

async function watch(
  client: Client,
  giveUp: AbortController,
  options: {
    readonly applicationName: string;
    readonly patienceMs: number;
    readonly log: (line: string) => void;
    readonly stopped: AbortSignal;
  },
): Promise<void> {
  const { applicationName, patienceMs, log, stopped } = options;
  let told = '';
  while (!stopped.aborted && !giveUp.signal.aborted) {
    try {
      const longest = await longestWait(client, applicationName);
      const named = longest?.blockers.join('; ') ?? '';
      if (longest !== undefined && longest.waitedMs >= TOLD_MS && named !== told) {
        log(`waits for a lock${onRelation(longest)} that is held by ${named}`);
        told = named;
      }
      if (longest !== undefined && longest.waitedMs >= patienceMs)
        giveUp.abort(blockedByLock(longest, patienceMs));
    } catch (error) {
      // A look that failed must not fail a command that did not.
      log(`locks were not looked at to the end: ${(error as Error).message}`);
      return;
    }
    await delay(LOOK_MS, undefined, { signal: stopped }).catch(() => undefined);
  }
}

async function longestWait(client: Client, applicationName: string): Promise<Blocked | undefined> {
  const { rows } = await client.query<Blocked>(
    `SELECT l.relation::regclass::text AS relation,
            (extract(epoch FROM clock_timestamp() - l.waitstart) * 1000)::float8 AS "waitedMs",
            array_agg(b.pid) AS pids,
            array_agg(format('pid %s (%s, %s, %s since %s): %s', b.pid, b.usename,
              coalesce(nullif(b.application_name, ''), 'no application_name'), b.state,
              to_char(coalesce(b.xact_start, b.state_change), 'HH24:MI:SS'), left(regexp_replace(b.query, '\\s+', ' ', 'g'), 120))) AS blockers
     FROM pg_stat_activity a
     JOIN pg_locks l ON l.pid = a.pid AND NOT l.granted AND l.waitstart IS NOT NULL
     CROSS JOIN unnest(pg_blocking_pids(a.pid)) AS blocking (pid)
     JOIN pg_stat_activity b ON b.pid = blocking.pid AND b.application_name <> $1
     WHERE a.application_name = $1
     GROUP BY 1, 2 ORDER BY 2 DESC LIMIT 1`,
    [applicationName],
  );
  return rows[0];
}

function onRelation({ relation }: Blocked): string {
  return relation === null ? '' : ` on ${relation}`;
}

function blockedByLock(blocked: Blocked, patienceMs: number): Failed {
  const { blockers, pids } = blocked;
  return new Failed({
    code: 'blocked-by-lock',
    seen: `it waited ${formatMs(patienceMs)} for a lock${onRelation(blocked)} that is held by ${blockers.join('; ')}`,
    expected: 'nobody to hold it for that long (`lockPatience` of the step)',
    next: `the statement was cancelled and the run goes back; find out whose session it is, end it (${pids.map((pid) => `SELECT pg_terminate_backend(${pid})`).join('; ')}), then run again`,
    fields: { pids: [...pids] },
  });
}
