import { type Client, connect, endSession } from '../postgres/connection.ts';
import { adminAddress } from '../steps/target-databases.ts';
import type { PreflightContext } from './check.ts';

/** The session of a preflight: opened when it is first asked for, ended by whoever made it. */
export interface SharedSession {
  session(): Promise<Client>;
  end(): Promise<void>;
}

/** No check may wait for a lock or scan for long: production serves while it is looked at. */
const STATEMENT_TIMEOUT_MS = 60_000;
const LOCK_TIMEOUT_MS = 5_000;

/**
 * One session for all checks: a preflight costs production one connection and not one a check. That it cannot be opened is
 * told to every check that asks.
 */
export function sharedSession({ plan, runKind }: PreflightContext): SharedSession {
  let opened: Promise<Client> | undefined;
  return {
    session: () => {
      opened ??= connect(runKind === 'rehearsal' ? adminAddress(plan.target) : plan.target.database, {
        applicationName: 'roundtrip check',
        statementTimeoutMs: STATEMENT_TIMEOUT_MS,
        lockTimeoutMs: LOCK_TIMEOUT_MS,
      });
      return opened;
    },
    async end() {
      // One that never opened has nothing to end, and was reported by whoever asked for it.
      const client = await opened?.catch(() => undefined);
      if (client !== undefined) await endSession(client);
    },
  };
}
