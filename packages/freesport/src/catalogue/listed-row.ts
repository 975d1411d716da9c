import type { ListedProduct } from './catalogue.ts';

/** A row of a list query, flat as SQL gives it. */
export interface ListedRow extends Record<string, unknown> {
  readonly id: number;
  readonly name: string;
  readonly slug: string;
  readonly sku: string;
  readonly sku_id: number;
  readonly price: string | null;
  readonly retail_price: string | null;
  readonly stock_quantity: number;
  readonly image: string | null;
  readonly brand_id: number | null;
  readonly brand_name: string | null;
  readonly brand_slug: string | null;
  readonly category_id: number;
  readonly category_name: string;
  readonly category_slug: string;
  readonly is_new: boolean;
  readonly is_hit: boolean;
  readonly is_sale: boolean;
  readonly discount_percent: number | null;
}

/** The columns of `products p`, `brands b` and `categories c` that every list and detail query selects. */
export const SHARED_COLUMNS = `p.id, p.name, p.slug, p.is_new, p.is_hit, p.is_sale, p.discount_percent,
  b.id AS brand_id, b.name AS brand_name, b.slug AS brand_slug,
  c.id AS category_id, c.name AS category_name, c.slug AS category_slug`;

/**
 * A list row as the API shows it.
 *
 * @example
 * rows.map(listedProduct);
 */
export function listedProduct(row: ListedRow): ListedProduct {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    sku: row.sku,
    sku_id: row.sku_id,
    price: row.price,
    retail_price: row.retail_price,
    stock_quantity: row.stock_quantity,
    in_stock: row.stock_quantity > 0,
    image: row.image === '' ? null : row.image,
    brand:
      row.brand_id === null || row.brand_name === null || row.brand_slug === null
        ? null
        : { id: row.brand_id, name: row.brand_name, slug: row.brand_slug },
    category: { id: row.category_id, name: row.category_name, slug: row.category_slug },
    is_new: row.is_new,
    is_hit: row.is_hit,
    is_sale: row.is_sale,
    discount_percent: row.discount_percent,
  };
}
