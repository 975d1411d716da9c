import { awayStore } from '../control/away-store.ts';
import { controlAddress, shownAddress } from '../control/control-address.ts';
import type { ControlStore } from '../control/control-store.ts';
import { fileStore } from '../control/file-store.ts';
import { openPostgresStore } from '../control/postgres-store.ts';
import { readBinding } from '../control/store-binding.ts';
import { Failed } from '../errors.ts';
import { openStateFolder } from '../journal/run-directory.ts';
import { type CliEnvironment, type CommonOptions, stateRoot } from './environment.ts';

/**
 * Where the runs are. The control store that `--control-store` or ROUNDTRIP_CONTROL_STORE names, or that the folder of state
 * was a copy of before; else the folder itself. A copy is brought up to date.
 *
 * A store that does not answer leaves its copy to look at, with a warning; acting is refused by whoever takes the lock.
 *
 * @throws Refused `usage`, `control-store-differs`, `journal-edited`, `journal-diverged`; Failed `control-store-unreachable`.
 * @example const { state } = await openStore(environment, options);
 */
export async function openStore(environment: CliEnvironment, options: CommonOptions): Promise<ControlStore> {
  const given = options.controlStore ?? environment.variables.ROUNDTRIP_CONTROL_STORE ?? '';
  const named = given === '' ? undefined : controlAddress(given);
  const state = openStateFolder(stateRoot(environment, options));
  const bound = readBinding(state);
  const address = named ?? bound?.address;
  if (address === undefined) return fileStore(state);
  try {
    const store = await openPostgresStore({ address, state, patienceMs: environment.controlPatienceMs });
    await store.refresh();
    return store;
  } catch (error) {
    const isAway = error instanceof Failed && error.code === 'control-store-unreachable';
    if (!isAway || bound === undefined) throw error;
    environment.stderr.write(`warning: ${error.seen}\n  what follows is the copy on this machine\n`);
    return awayStore({ name: `the control store ${shownAddress(address)}`, state, error });
  }
}
