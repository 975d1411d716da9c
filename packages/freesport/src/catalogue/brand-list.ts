import { LRUCache } from 'lru-cache';
import type { Queryable } from '../database/database.ts';
import type { NamedLink } from './catalogue.ts';

const AGE_MAX_MS = 30_000;

/**
 * Brands that have something in the catalogue, by name; the same tables in both releases.
 *
 * @example
 * const brands = await brandList.all();
 */
export class BrandList {
  readonly #cache: LRUCache<'brands', readonly NamedLink[]>;

  constructor(database: Queryable) {
    this.#cache = new LRUCache<'brands', readonly NamedLink[]>({
      max: 1,
      ttl: AGE_MAX_MS,
      fetchMethod: async () =>
        await database.query<NamedLink & Record<string, unknown>>(
          `SELECT id, name, slug FROM brands b WHERE is_active
             AND EXISTS (SELECT 1 FROM products p WHERE p.brand_id = b.id AND p.is_active) ORDER BY lower(name)`,
        ),
    });
  }

  async all(): Promise<readonly NamedLink[]> {
    return (await this.#cache.fetch('brands')) ?? [];
  }
}
