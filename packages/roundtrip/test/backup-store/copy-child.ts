import { copyBackup } from '../../src/backup-store/copy-backup.ts';
import { openObjectStore } from '../../src/backup-store/object-store.ts';

/** A process of its own for tests that kill it: `copy-child.ts DIRECTORY STORE ENDPOINT [RECIPIENT]`. */
const [directory = '', name = '', endpoint = '', recipient] = process.argv.slice(2);
const copied = await copyBackup({
  directory,
  store: await openObjectStore(name, { endpoint }),
  trust: 'T3',
  recipients: recipient === undefined ? [] : [recipient],
  partBytes: 10_000,
  now: () => new Date(),
});
console.log(JSON.stringify(copied));
