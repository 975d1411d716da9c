import { Ambiguous, Failed } from '../../errors.ts';
import { waitForNoBackends } from '../backends.ts';
import { type Client, withClient } from '../connection.ts';
import { openDatabase } from '../fence.ts';
import {
  databaseByOid,
  type ExchangePosition,
  inspectSwitch,
  type NameExchange,
  undoRetire,
} from '../switch.ts';
import { openCommand, untilOpen } from '../until-open.ts';
import { resumeSubscription } from './subscription.ts';
import type { SwitchToCopyOptions } from './switch-to-copy.ts';

/** What says which databases exchange places. */
export type SwitchSite = Pick<
  SwitchToCopyOptions,
  'source' | 'admin' | 'begun' | 'returnDatabase' | 'timeoutMs' | 'say'
>;

/** The exchange of names that a switch to a copy makes. */
export function exchangeOf({ source, begun, returnDatabase }: SwitchSite): NameExchange {
  return {
    liveName: source.database,
    liveOid: begun.sourceOid,
    nextOid: begun.copyOid,
    retiredName: returnDatabase,
  };
}

/** By this name the sessions of a switch are found after the death of their process. */
export function switchApplication({ begun }: Pick<SwitchSite, 'begun'>): string {
  return `roundtrip switch ${begun.stream.name}`;
}

/**
 * Makes one database serve after a switch that did not come to its end: the old one, up to and between the renames (no
 * client has written to the new one then, and the forward stream goes on), the new one after them. On a fresh
 * session, since the old one may be what was lost; a statement of it that still runs is ended first, so that nothing
 * comes after the look at the catalogue. Repeated until `timeoutMs` is over: the server may be starting again.
 *
 * `failure` is what ended the switch, for the message.
 *
 * @throws Ambiguous `switch-unclear`; Failed `stand-down-failed`.
 */
export async function standDown(options: SwitchSite, failure?: unknown): Promise<'old' | 'new'> {
  const { source, admin, timeoutMs, say } = options;
  const closed = { database: source.database, admin, applicationName: switchApplication(options), timeoutMs };
  try {
    return await untilOpen({ ...closed, say }, (client) => serveOne(client, options));
  } catch (error) {
    throw error instanceof Ambiguous ? error : failed(options, error, failure);
  }
}

/** Where an exchange stands, once no earlier session of the same switch runs any more. */
export async function settledPosition(client: Client, options: SwitchSite): Promise<ExchangePosition> {
  await waitForNoBackends(client, {
    applicationName: switchApplication(options),
    terminate: true,
    timeoutMs: options.timeoutMs,
  });
  return inspectSwitch(client, exchangeOf(options));
}

async function serveOne(client: Client, options: SwitchSite): Promise<'old' | 'new'> {
  const { source, timeoutMs } = options;
  const position = await settledPosition(client, options);
  if (position === 'between') await undoRetire(client, exchangeOf(options), { timeoutMs });
  await openDatabase(client, source.database);
  if (position === 'after') return 'new';
  await resumeForward(client, options);
  return 'old';
}

/** Lets the forward stream go on; the copy may have been closed. A copy that is gone has nothing to resume. */
async function resumeForward(client: Client, { admin, begun, ...options }: SwitchSite): Promise<void> {
  const copyDatabase = await databaseByOid(client, begun.copyOid);
  if (copyDatabase === undefined) return;
  await openDatabase(client, copyDatabase);
  const applicationName = switchApplication({ begun });
  await withClient(
    { ...admin, database: copyDatabase },
    { applicationName, lockTimeoutMs: options.timeoutMs },
    (copy) => resumeSubscription(copy, begun.stream.subscription),
  );
}

function failed({ source, admin, timeoutMs }: SwitchSite, cause: unknown, failure: unknown): Failed {
  const reason = failure === undefined ? 'was interrupted' : `failed (${(failure as Error).message})`;
  return new Failed({
    code: 'stand-down-failed',
    seen: `after a switch that ${reason}, for ${timeoutMs} ms: ${(cause as Error).message}`,
    expected: `${source.database} open to clients again and its copy kept in step`,
    next: `resume at once, from a machine that reaches the server: until then clients may find ${source.database} closed. Without this tool: ${openCommand({ database: source.database, admin })}`,
    cause: failure === undefined ? cause : new AggregateError([failure, cause]),
  });
}
