import type { StateFolder } from '../journal/run-directory.ts';
import type { ControlStore } from './control-store.ts';

/**
 * A store that does not answer, by its copy on this machine: whoever looks sees what was known last, and nobody acts.
 *
 * @example awayStore({ name: store, state, error }).hold(holding) // rejects with the error
 */
export function awayStore(away: {
  readonly name: string;
  readonly state: StateFolder;
  readonly error: Error;
}): ControlStore {
  const { name, state, error } = away;
  const refuse = (): Promise<never> => Promise.reject(error);
  return {
    name,
    state,
    systemIdentifier: undefined,
    passwordFiles: [],
    refresh: async () => undefined,
    hold: refuse,
    holder: async () => undefined,
    breakLock: refuse,
  };
}
