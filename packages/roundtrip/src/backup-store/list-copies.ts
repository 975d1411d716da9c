import { type CopyManifest, copyManifestKey, parseCopyManifest, verifiedKey } from './copy-manifest.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';
import { readPins } from './pins.ts';
import type { ListedCopy } from './retention.ts';
import { readVerified } from './verified.ts';

/**
 * Every copy in a store, the newest first; uploads that never became one are listed as `unfinished`.
 *
 * @throws the errors of the store.
 */
export async function listCopies(store: ObjectStore, signal?: AbortSignal): Promise<readonly ListedCopy[]> {
  const objects = (await store.list('', signal)).filter(({ key }) => key.includes('/'));
  const groups = Map.groupBy(objects, ({ key }) => key.slice(0, key.indexOf('/')));
  const copies: ListedCopy[] = [];
  for (const [id, members] of groups) {
    // Whatever else lies in the bucket is nobody's copy, and must never look like the rest of one.
    if (!members.some(({ key }) => isOurs(id, key))) continue;
    copies.push(await describe(store, id, members, signal));
  }
  return copies.sort((a, b) => ((a.takenAt ?? a.modifiedAt) < (b.takenAt ?? b.modifiedAt) ? 1 : -1));
}

function isOurs(id: string, key: string): boolean {
  return key === copyManifestKey(id) || key.startsWith(`${id}/parts/`);
}

async function describe(
  store: ObjectStore,
  id: string,
  members: readonly StoredObject[],
  signal: AbortSignal | undefined,
): Promise<ListedCopy> {
  const keys = new Set(members.map(({ key }) => key));
  const seen = {
    id,
    modifiedAt: newestOf(members),
    bytes: members.reduce((sum, { bytes }) => sum + bytes, 0),
    objects: members.length,
    pins: await readPins(store, id, [...keys], signal),
  };
  const body = keys.has(copyManifestKey(id)) ? await store.get(copyManifestKey(id), signal) : undefined;
  if (body === undefined) return { ...seen, state: 'unfinished' };
  let copy: CopyManifest;
  try {
    copy = parseCopyManifest(id, Buffer.from(body).toString());
  } catch {
    return { ...seen, state: 'unreadable' }; // Said so in the list; `fetchBackup` says why.
  }
  // A part that somebody deleted makes it no copy, whatever its manifest says.
  const state = copy.parts.every(({ key }) => keys.has(key)) ? 'whole' : 'unreadable';
  const later = keys.has(verifiedKey(id)) ? await readVerified(store, id, signal) : undefined;
  const { takenAt, database, systemIdentifier, recipients } = copy;
  return {
    ...seen,
    state,
    takenAt,
    database,
    systemIdentifier,
    trust: later ?? copy.trust,
    encrypted: recipients !== null,
    recipients: recipients ?? [],
  };
}

function newestOf(members: readonly StoredObject[]): string {
  const newest = Math.max(...members.map(({ modifiedAt }) => modifiedAt.getTime()));
  return Number.isNaN(newest) ? '' : new Date(newest).toISOString();
}
