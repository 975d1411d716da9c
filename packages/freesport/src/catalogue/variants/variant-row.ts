import type { ProductVariant } from '../catalogue.ts';

/** A row of the variants query. */
export interface VariantRow extends Record<string, unknown> {
  readonly id: number;
  readonly sku_id: number;
  readonly sku: string;
  readonly name: string;
  readonly color_name: string;
  readonly color_hex: string | null;
  readonly swatch_image: string | null;
  readonly size_value: string;
  readonly price: string | null;
  readonly retail_price: string | null;
  readonly rrp: string | null;
  readonly msrp: string | null;
  readonly stock_quantity: number;
  readonly main_image: string;
  readonly gallery_images: readonly string[];
  readonly is_default: boolean;
}

/**
 * A variant as the API shows it: empty texts of the database become null where they mean "none".
 *
 * @example
 * rows.map(productVariant);
 */
export function productVariant(row: VariantRow): ProductVariant {
  return {
    ...row,
    swatch_image: row.swatch_image === '' ? null : row.swatch_image,
    main_image: row.main_image === '' ? null : row.main_image,
    in_stock: row.stock_quantity > 0,
  };
}
