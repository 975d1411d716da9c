import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import type { MergeContext } from './merge-context.ts';
import type { PriceMapping } from './merge-price-types.ts';
import type { StagedWarehouses } from './merge-warehouses.ts';
import { priceExpressions } from './price-expressions.ts';
import { stockExpression } from './stock-expression.ts';

/** Columns of a variant that come from its offer (or, for a default variant, from its good). */
const OFFER_FIELDS = [
  'product_id',
  'name',
  'barcode',
  'color_name',
  'size_value',
  'main_image',
  'gallery_images',
  'is_active',
  'is_default',
] as const;

/** Columns that come from prices and rests. */
const FIGURE_FIELDS = [
  'retail_price',
  'opt1_price',
  'opt2_price',
  'opt3_price',
  'trainer_price',
  'federation_price',
  'rrp',
  'msrp',
  'stock_quantity',
] as const;

/** Every column that the import decides. */
export const VARIANT_FIELDS = [...OFFER_FIELDS, ...FIGURE_FIELDS];

/**
 * The sku that is made from the 1C id of an offer: independent of the order of arrival. 64 bits by PostgreSQL's own hash, which
 * takes a twentieth of the time of as many of an MD5.
 */
export function madeSku(onecId: string): string {
  return `'SKU-' || lpad(to_hex(hashtextextended(${onecId}, 0)), 16, '0')`;
}

/** Says which skus are not given because several variants ask for them. */
export const TAKEN_SKU_WARNINGS = `INSERT INTO ${S}.warnings (code, subject, message)
  SELECT 'duplicate-article', sku, 'several variants ask for this sku; theirs is made from the 1C id' FROM ${S}.taken_skus`;

/**
 * SQL for every column over what is staged of a key, `o`, its product `gp`, its staged good `g` and the variant as it is, `v` (all
 * but `o` may be missing).
 */
export function variantColumns(
  context: MergeContext,
  prices: PriceMapping,
  warehouses: StagedWarehouses,
): Readonly<Record<(typeof VARIANT_FIELDS)[number], string>> {
  // Of an empty catalogue there is nothing but offers.
  const offered = (value: string, kept: string): string =>
    context.fresh ? value : `CASE WHEN o.offered THEN ${value} ELSE ${kept} END`;
  const own = (field: 'color' | 'size', column: string, length: number): string =>
    `coalesce(nullif(o.${field}, ''), nullif(left(g.${field}, ${length}), ''), v.${column}, '')`;
  return {
    product_id: offered('gp.id', 'v.product_id'),
    // An offer without a name (only marked as deleted, or changed in part) keeps its name and barcode; a new one has its good's.
    name: offered(
      `CASE WHEN o.name = '' THEN coalesce(v.name, left(g.name, 300), '') ELSE o.name END`,
      'v.name',
    ),
    barcode: offered(`coalesce(o.barcode, CASE WHEN o.name = '' THEN v.barcode END, '')`, 'v.barcode'),
    color_name: offered(own('color', 'color_name', 100), 'v.color_name'),
    size_value: offered(own('size', 'size_value', 200), 'v.size_value'),
    // An offer without images of its own keeps what is there: 3.1 exports never have any on offers.
    main_image: `coalesce(left(o.images->>0, 255), v.main_image, '')`,
    gallery_images: `coalesce(o.images - 0, v.gallery_images, '[]')`,
    is_active: offered('NOT o.deleted', 'v.is_active'),
    is_default: 'coalesce(o.is_default, v.is_default)',
    ...priceExpressions(context, prices),
    stock_quantity: stockExpression(context, warehouses),
  };
}
