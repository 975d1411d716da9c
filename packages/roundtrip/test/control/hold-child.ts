/**
 * An operator who will be killed: `hold-child.ts <state>` or `hold-child.ts <state> <address as JSON>` takes the lock of a
 * store, says so in a line, and stays.
 */
import { fileStore } from '../../src/control/file-store.ts';
import { openPostgresStore } from '../../src/control/postgres-store.ts';
import { openStateFolder } from '../../src/journal/run-directory.ts';

const [, , folder = '', address] = process.argv;
const state = openStateFolder(folder);
const store =
  address === undefined ? fileStore(state) : await openPostgresStore({ state, address: JSON.parse(address) });
await store.hold({ operator: 'clara@ops-3', verb: 'run', now: () => new Date() });
console.log('held');
setInterval(() => undefined, 1_000);
