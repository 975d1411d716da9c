import { type RawBuilder, sql } from 'kysely';
import type { ListFilter } from './catalogue.ts';
import type { CategoryTree } from './category-tree.ts';

/**
 * The conditions on `products p` that are the same in both releases. An unknown category lists nothing.
 *
 * @example
 * const where = sql.join(await listConditions(filter, tree), sql` AND `);
 */
export async function listConditions(filter: ListFilter, tree: CategoryTree): Promise<RawBuilder<unknown>[]> {
  const conditions: RawBuilder<unknown>[] = [sql`p.is_active`];
  if (filter.category !== undefined) {
    conditions.push(sql`p.category_id = ANY(${await tree.subtree(filter.category)}::bigint[])`);
  }
  if (filter.brand !== undefined) {
    conditions.push(sql`p.brand_id = (SELECT id FROM brands WHERE slug = ${filter.brand})`);
  }
  if (filter.q !== undefined && filter.q.trim() !== '') {
    conditions.push(sql`p.name ILIKE ${`%${filter.q.trim().replaceAll(/[\\%_]/g, '\\$&')}%`}`);
  }
  return conditions;
}

/** Conditions on a price expression, or none. */
export function priceConditions(filter: ListFilter, price: RawBuilder<unknown>): RawBuilder<unknown>[] {
  const conditions: RawBuilder<unknown>[] = [];
  if (filter.minPrice !== undefined) conditions.push(sql`${price} >= ${filter.minPrice}::numeric`);
  if (filter.maxPrice !== undefined) conditions.push(sql`${price} <= ${filter.maxPrice}::numeric`);
  return conditions;
}
