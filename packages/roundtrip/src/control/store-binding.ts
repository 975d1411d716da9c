import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Refused } from '../errors.ts';
import { listRuns, type StateFolder } from '../journal/run-directory.ts';
import type { DatabaseAddress } from '../postgres/connection.ts';
import { shownAddress } from './control-address.ts';

/** Which control store a folder of state is a copy of. */
export interface StoreBinding {
  readonly id: string;
  readonly address: DatabaseAddress;
}

/**
 * The control store that a folder of state belongs to, if any. A folder remembers it: a verb that was called without
 * `--control-store` must not take the copy for the truth.
 */
export function readBinding(state: StateFolder): StoreBinding | undefined {
  const file = bindingFile(state);
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as StoreBinding;
}

/**
 * Binds a folder of state to a control store, or confirms that it is.
 *
 * @throws Refused `control-store-differs` for one of another store, or with runs of its own.
 */
export function bind(state: StateFolder, { id, address }: StoreBinding): void {
  const bound = readBinding(state);
  if (bound !== undefined && bound.id !== id)
    throw differs(state, `belongs to another control store, ${shownAddress(bound.address)}`);
  if (bound === undefined && listRuns(state).length > 0)
    throw differs(state, `has ${listRuns(state).length} runs of its own`);
  if (bound !== undefined && JSON.stringify(bound.address) === JSON.stringify(address)) return;
  const file = bindingFile(state);
  writeFileSync(`${file}.new`, `${JSON.stringify({ id, address })}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

function bindingFile(state: StateFolder): string {
  return path.join(state.root, 'control-store.json');
}

function differs(state: StateFolder, why: string): Refused {
  return new Refused({
    code: 'control-store-differs',
    seen: `the state folder ${state.root} ${why}`,
    expected: 'an empty folder, or a copy of this very control store',
    next: 'give this store a folder of its own with --state; a database that was made anew is another store',
  });
}
