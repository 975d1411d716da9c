import { sha256, type TrustLevel, verifiedKey } from './copy-manifest.ts';
import type { ObjectStore } from './object-store.ts';

/** Notes beside a copy that it was fetched, restored and found equal: it counts as verified for retention from now on. */
export async function noteVerified(
  store: ObjectStore,
  id: string,
  verified: { readonly trust: TrustLevel; readonly at: Date; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const body = Buffer.from(`${JSON.stringify({ trust: verified.trust, at: verified.at.toISOString() })}\n`);
  await store.put(verifiedKey(id), body, { sha256: sha256(body), signal: verified.signal });
}

/** The trust level that a later verification reached; undefined when there is no readable note. */
export async function readVerified(
  store: ObjectStore,
  id: string,
  signal?: AbortSignal,
): Promise<TrustLevel | undefined> {
  const body = await store.get(verifiedKey(id), signal);
  if (body === undefined) return undefined;
  const trust = /"trust":"(T[34])"/.exec(Buffer.from(body).toString())?.[1];
  return trust === 'T3' || trust === 'T4' ? trust : undefined;
}
