import { pinsPrefix, sha256 } from './copy-manifest.ts';
import type { ObjectStore } from './object-store.ts';
import type { Pin } from './retention.ts';

/**
 * Pins a copy: no retention deletes it until the holder lets go. Pins lie beside the copy, so that every machine that tidies the
 * store sees them. Pinning again replaces the holder's own pin.
 */
export async function pinCopy(store: ObjectStore, id: string, pin: Pin, signal?: AbortSignal): Promise<void> {
  const body = Buffer.from(`${JSON.stringify(pin)}\n`);
  await store.put(pinKey(id, pin.holder), body, { sha256: sha256(body), signal });
}

/** Lets go of a copy. Idempotent; other holders' pins stay. */
export async function unpinCopy(
  store: ObjectStore,
  id: string,
  holder: string,
  signal?: AbortSignal,
): Promise<void> {
  await store.delete([pinKey(id, holder)], signal);
}

/** Every pin of a copy, from the keys that a listing brought. A pin that cannot be read still pins. */
export async function readPins(
  store: ObjectStore,
  id: string,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<readonly Pin[]> {
  const pins: Pin[] = [];
  for (const key of keys.filter((one) => one.startsWith(pinsPrefix(id)))) {
    const body = await store.get(key, signal);
    if (body !== undefined) pins.push(parsePin(key, Buffer.from(body).toString()));
  }
  return pins;
}

function pinKey(id: string, holder: string): string {
  return `${pinsPrefix(id)}${encodeURIComponent(holder)}.json`;
}

function parsePin(key: string, text: string): Pin {
  try {
    const { holder, reason, at } = JSON.parse(text) as Pin;
    return { holder: String(holder), reason: String(reason), at: String(at) };
  } catch {
    return { holder: key, reason: 'a pin that cannot be read', at: '' };
  }
}
