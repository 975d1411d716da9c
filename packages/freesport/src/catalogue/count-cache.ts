import { LRUCache } from 'lru-cache';

/** Counting 50k products takes longer than reading a page of them, and a pager may be half a minute behind. */
const COUNT_AGE_MAX_MS = 30_000;
const COUNTS_MAX = 2_000;

/**
 * Totals of product lists by filter, each counted once however many clients ask at the same time.
 *
 * @example
 * const count = await counts.get(key, () => countProducts());
 */
export class CountCache {
  readonly #cache = new LRUCache<string, number, () => Promise<number>>({
    max: COUNTS_MAX,
    ttl: COUNT_AGE_MAX_MS,
    fetchMethod: async (_key, _stale, { context }) => await context(),
  });

  async get(key: string, count: () => Promise<number>): Promise<number> {
    return (await this.#cache.fetch(key, { context: count })) ?? (await count());
  }
}
