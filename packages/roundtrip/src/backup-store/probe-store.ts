import { Failed } from '../errors.ts';
import { sha256 } from './copy-manifest.ts';
import type { ObjectStore } from './object-store.ts';

/**
 * Tries everything that a copy will need, with one small object of its own: list, write, read, delete.
 *
 * @throws the errors of the store; Failed `copy-differs` when what comes back is not what was sent.
 * @example await probeStore(store, 'run-8f3a')
 */
export async function probeStore(store: ObjectStore, name: string, signal?: AbortSignal): Promise<void> {
  const key = `probe/${encodeURIComponent(name)}`;
  const body = Buffer.from('written by roundtrip check; may be deleted\n');
  await store.list('probe/', signal);
  await store.put(key, body, { sha256: sha256(body), signal });
  const back = await store.get(key, signal);
  await store.delete([key], signal);
  if (back !== undefined && sha256(back) === sha256(body)) return;
  throw new Failed({
    code: 'copy-differs',
    seen: `${store.name}: ${key} ${back === undefined ? 'is not there after it was written' : 'reads back different from what was sent'}`,
    expected: 'the same bytes',
    next: 'do not trust this store or the way to it until you know why',
  });
}
