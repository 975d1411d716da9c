/** An operator who will be killed: `hold-child.ts folder <state>` takes the lock, says so in a line, and stays. */
import { fileStore } from '../../src/control/file-store.ts';
import { openStateFolder } from '../../src/journal/run-directory.ts';

const [, , kind = '', folder = ''] = process.argv;
if (kind !== 'folder') throw new Error(`no store of the kind "${kind}"`);
await fileStore(openStateFolder(folder)).hold({
  operator: 'clara@ops-3',
  verb: 'run',
  now: () => new Date(),
});
console.log('held');
setInterval(() => undefined, 1_000);
