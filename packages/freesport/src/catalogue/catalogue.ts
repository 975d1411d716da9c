import type { Role } from '../users/role.ts';

/** The filters of a product list, as `GET /api/products/` takes them. Prices are exact decimals. */
export interface ListFilter {
  /** Slug; products of its whole subtree are listed. */
  readonly category?: string | undefined;
  /** Slug. */
  readonly brand?: string | undefined;
  /** Part of a name, in any case. */
  readonly q?: string | undefined;
  readonly minPrice?: string | undefined;
  readonly maxPrice?: string | undefined;
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
}

export interface NamedLink {
  readonly id: number;
  readonly name: string;
  readonly slug: string;
}

/** One product of a list: the same fields in both releases, because clients of 13.3 go on reading them. */
export interface ListedProduct {
  readonly id: number;
  readonly name: string;
  readonly slug: string;
  /** Of the SKU that is offered first: the only one in 13.3, the cheapest in stock in 13.4. */
  readonly sku: string;
  /** What a cart or an order names; `sku_identities.id`, which is the legacy product id. */
  readonly sku_id: number;
  /** What this customer pays, exact decimal; the lowest of the variants; null where 1C gave none. */
  readonly price: string | null;
  readonly retail_price: string | null;
  readonly stock_quantity: number;
  readonly in_stock: boolean;
  readonly image: string | null;
  readonly brand: NamedLink | null;
  readonly category: NamedLink;
  readonly is_new: boolean;
  readonly is_hit: boolean;
  readonly is_sale: boolean;
  readonly discount_percent: number | null;
}

export interface ProductPage {
  readonly count: number;
  readonly results: readonly ListedProduct[];
}

/** One variant of a product's page (13.4). */
export interface ProductVariant {
  readonly id: number;
  readonly sku_id: number;
  readonly sku: string;
  readonly name: string;
  readonly color_name: string;
  /** `#RRGGBB` from color_mappings, null where the colour has no mapping: show its name. */
  readonly color_hex: string | null;
  readonly swatch_image: string | null;
  readonly size_value: string;
  readonly price: string | null;
  readonly retail_price: string | null;
  readonly rrp: string | null;
  readonly msrp: string | null;
  readonly stock_quantity: number;
  readonly in_stock: boolean;
  readonly main_image: string | null;
  readonly gallery_images: readonly string[];
  readonly is_default: boolean;
}

/** A product's page: the list's fields and more. `variants` is there from 13.4 on and never empty. */
export interface ProductDetail extends ListedProduct {
  readonly description: string;
  readonly short_description: string;
  readonly min_order_quantity: number;
  readonly gallery_images: readonly string[];
  readonly specifications: Readonly<Record<string, unknown>>;
  readonly seo_title: string;
  readonly seo_description: string;
  readonly variants?: readonly ProductVariant[];
}

/**
 * What a release can show of its catalogue.
 *
 * @example
 * const page = await catalogue.list({ page: 1, pageSize: 20 }, 'retail');
 */
export interface Catalogue {
  list(filter: ListFilter, role: Role): Promise<ProductPage>;
  detail(slug: string, role: Role): Promise<ProductDetail | undefined>;
}
