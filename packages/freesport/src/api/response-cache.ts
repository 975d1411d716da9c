import { LRUCache } from 'lru-cache';

/** Stock on a page may be this old; an order looks at the rows themselves. */
const AGE_MAX_MS = 1_000;
const BYTES_MAX = 64 * 1024 * 1024;

/**
 * Serialised answers by URL and role, made once however many clients ask at the same time. What is not found is not
 * kept.
 *
 * @example
 * const body = await responses.get(`${role} ${request.url}`, async () => reply.serialize(await load()));
 */
export class ResponseCache {
  readonly #cache = new LRUCache<string, Buffer, () => Promise<string | undefined>>({
    ttl: AGE_MAX_MS,
    maxSize: BYTES_MAX,
    sizeCalculation: (body, key) => body.length + key.length,
    fetchMethod: async (_key, _stale, { context }) => {
      const body = await context();
      return body === undefined ? undefined : Buffer.from(body);
    },
  });

  async get(key: string, make: () => Promise<string | undefined>): Promise<Buffer | undefined> {
    return await this.#cache.fetch(key, { context: make });
  }
}
