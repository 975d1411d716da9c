import { Failed } from '../errors.ts';
import { copyManifestKey, pinsPrefix } from './copy-manifest.ts';
import type { ObjectStore } from './object-store.ts';

/**
 * Deletes copies that `decideRetention` gave up: the manifest first, so that half a deletion is no copy and the next call goes on. A
 * pin that came since the decision keeps its copy.
 *
 * @returns what was deleted and what a late pin kept.
 * @throws Failed `copy-not-deleted` when the store refuses (object lock), naming what is left.
 */
export async function pruneCopies(
  store: ObjectStore,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<{ readonly deleted: readonly string[]; readonly keptByLatePin: readonly string[] }> {
  const deleted: string[] = [];
  const keptByLatePin: string[] = [];
  for (const id of ids) {
    const keys = (await store.list(`${id}/`, signal)).map(({ key }) => key);
    if (keys.some((key) => key.startsWith(pinsPrefix(id)))) {
      keptByLatePin.push(id);
      continue;
    }
    try {
      if (keys.includes(copyManifestKey(id))) await store.delete([copyManifestKey(id)], signal);
      await store.delete(
        keys.filter((key) => key !== copyManifestKey(id)),
        signal,
      );
    } catch (cause) {
      throw new Failed({
        code: 'copy-not-deleted',
        seen: `${store.name}: ${id}: ${(cause as Error).message}; deleted before it: ${deleted.join(', ') || 'none'}`,
        expected: 'the store to delete what retention gave up',
        next: 'where it is locked, wait for the end of the lock; then repeat the command',
        cause,
      });
    }
    deleted.push(id);
  }
  return { deleted, keptByLatePin };
}
