import type { Queryable } from '../database/database.ts';

/** A product with its variants, as the admin lists them. */
export interface AdminProduct extends Record<string, unknown> {
  readonly id: number;
  readonly name: string;
  readonly slug: string;
  readonly onec_id: string | null;
  readonly is_active: boolean;
  readonly category: string;
  readonly variants: readonly AdminVariant[];
}

export interface AdminVariant {
  readonly id: number;
  readonly sku: string;
  readonly onec_id: string;
  readonly color_name: string;
  readonly size_value: string;
  readonly retail_price: string | null;
  readonly stock_quantity: number;
  readonly reserved_quantity: number;
  readonly is_active: boolean;
  readonly is_default: boolean;
}

/**
 * A page of products whose name, SKU or 1C id has `q` in it, inactive ones too, each with its variants in one statement.
 *
 * @example
 * const products = await adminProducts(db, { q: 'бутсы', limit: 20, offset: 0 });
 */
export async function adminProducts(
  db: Queryable,
  page: { readonly q: string; readonly limit: number; readonly offset: number },
): Promise<AdminProduct[]> {
  return await db.query<AdminProduct>(
    `SELECT p.id, p.name, p.slug, p.onec_id, p.is_active, c.name AS category,
       (SELECT coalesce(json_agg(json_build_object('id', v.id, 'sku', v.sku, 'onec_id', v.onec_id,
          'color_name', v.color_name, 'size_value', v.size_value, 'retail_price', v.retail_price::text,
          'stock_quantity', v.stock_quantity, 'reserved_quantity', v.reserved_quantity, 'is_active', v.is_active,
          'is_default', v.is_default) ORDER BY v.color_name, v.size_value, v.id), '[]'::json)
        FROM product_variants v WHERE v.product_id = p.id) AS variants
     FROM products p JOIN categories c ON c.id = p.category_id
     WHERE $1 = '' OR p.name ILIKE '%' || $2 || '%' OR p.onec_id = $1
       OR p.id IN (SELECT product_id FROM product_variants WHERE sku = $1 OR onec_id = $1)
     ORDER BY p.id LIMIT $3 OFFSET $4`,
    [page.q, page.q.replaceAll(/[\\%_]/g, '\\$&'), page.limit, page.offset],
  );
}
