import { Ambiguous } from '../../errors.ts';
import { withClient } from '../connection.ts';
import { switchNames } from '../switch.ts';
import { finishSwitch } from './finish-switch.ts';
import { exchangeOf, settledPosition, standDown, switchApplication } from './stand-down.ts';
import type { ReplicationStream } from './stream.ts';
import type { SwitchToCopyOptions } from './switch-to-copy.ts';

/** How an interrupted switch was settled. */
export type SettledSwitch =
  /** The old database serves again and the copy is kept in step: `switchToCopy` can be called anew. */
  | {
      readonly serving: 'old';
      /** Why an exchange that was half done could not be completed and was taken back instead. */
      readonly because?: string | undefined;
    }
  /** The new one serves, the way back is open. */
  | { readonly serving: 'new'; readonly reverse: ReplicationStream };

/**
 * Settles a `switchToCopy` whose process died, by the catalogue: before the first rename the old database is opened
 * again, from then on the exchange is completed; one that is half done and cannot be is taken back. Never both: the database that does not serve stays closed to clients
 * under the live name. Can be repeated.
 *
 * `reverse` is what the journal got with the mark `fenced`; it is there whenever the names were touched.
 *
 * @throws Ambiguous `switch-unclear`; Failed `stand-down-failed`.
 */
export async function resumeSwitch(
  options: SwitchToCopyOptions,
  reverse: ReplicationStream | undefined,
): Promise<SettledSwitch> {
  const { admin, timeoutMs, journal } = options;
  const session = { applicationName: switchApplication(options) };
  const position = await withClient(admin, session, (client) => settledPosition(client, options));
  if (position === 'after' && reverse === undefined) throw unnoted(options);
  if (position === 'before' || reverse === undefined) {
    if ((await standDown(options)) === 'new') throw unnoted(options);
    return { serving: 'old' };
  }
  try {
    await withClient(admin, session, (client) =>
      switchNames(client, { ...exchangeOf(options), timeoutMs, journal }),
    );
  } catch (error) {
    if (position === 'after') throw error;
    if ((await standDown(options, error)) === 'old')
      return { serving: 'old', because: (error as Error).message };
  }
  return withClient(admin, session, async (client) => ({
    serving: 'new',
    reverse: await finishSwitch(client, options, reverse),
  }));
}

function unnoted({ source, begun }: SwitchToCopyOptions): Ambiguous {
  return new Ambiguous({
    code: 'switch-unclear',
    seen: `${source.database} is the new database ${begun.copyOid}, and the journal has no reverse stream`,
    expected: 'the stream that was noted before the names were touched',
    next: 'find the journal of the switch; without it, what clients write from now on would not be carried back',
  });
}
