import { type RawBuilder, sql } from 'kysely';
import type { Queryable } from '../../database/database.ts';
import { runSql } from '../../database/run-sql.ts';
import { priceExpression, type Role } from '../../users/role.ts';
import type { Catalogue, ListFilter, ProductDetail, ProductPage } from '../catalogue.ts';
import type { CategoryTree } from '../category-tree.ts';
import { listConditions, priceConditions } from '../list-conditions.ts';
import { ListOutlines } from '../list-outlines.ts';
import { type ListedRow, listedProduct, SHARED_COLUMNS } from '../listed-row.ts';
import { firstOfferOf } from './first-offer.ts';
import { productVariant, type VariantRow } from './variant-row.ts';

/** The offer of a page's product is computed from its variants, which are read anyway. */
interface DetailRow extends ListedRow {
  readonly description: string;
  readonly short_description: string;
  readonly min_order_quantity: number;
  readonly base_images: readonly string[];
  readonly specifications: Readonly<Record<string, unknown>>;
  readonly seo_title: string;
  readonly seo_description: string;
}

/**
 * The catalogue of 13.4: a product is a good of 1C, its SKUs are variants. Products without an active variant are not
 * shown: nobody can buy them.
 *
 * @example
 * const catalogue = new VariantCatalogue(database, tree);
 */
export class VariantCatalogue implements Catalogue {
  readonly #database: Queryable;
  readonly #tree: CategoryTree;
  readonly #outlines: ListOutlines;

  constructor(database: Queryable, tree: CategoryTree) {
    this.#database = database;
    this.#tree = tree;
    this.#outlines = new ListOutlines(database);
  }

  async list(filter: ListFilter, role: Role): Promise<ProductPage> {
    const where = sql.join(
      [...(await listConditions(filter, this.#tree)), sellable(filter, role)],
      sql` AND `,
    );
    const { count, rows } = await this.#outlines.page({
      filter,
      role,
      where,
      read: (first) => this.#page({ where, first, role, pageSize: filter.pageSize }),
    });
    return { count, results: rows.map(listedProduct) };
  }

  async detail(slug: string, role: Role): Promise<ProductDetail | undefined> {
    const [[row], rows] = await Promise.all([this.#product(slug), this.#variants(slug, role)]);
    const variants = rows.map(productVariant);
    const offer = firstOfferOf(variants);
    // Without a variant there is nothing to sell, and between the two reads a flush may have taken the product.
    if (row === undefined || offer === undefined) return undefined;
    const [image] = row.base_images;
    return {
      ...listedProduct({ ...row, ...offer, image: image || offer.image }),
      description: row.description,
      short_description: row.short_description,
      min_order_quantity: row.min_order_quantity,
      gallery_images: row.base_images,
      specifications: row.specifications,
      seo_title: row.seo_title,
      seo_description: row.seo_description,
      variants,
    };
  }

  async #product(slug: string): Promise<DetailRow[]> {
    return await runSql<DetailRow>(
      this.#database,
      sql`SELECT ${sql.raw(SHARED_COLUMNS)}, p.description, p.short_description, p.min_order_quantity, p.base_images,
          p.specifications, p.seo_title, p.seo_description
        FROM products p LEFT JOIN brands b ON b.id = p.brand_id JOIN categories c ON c.id = p.category_id
        WHERE p.slug = ${slug} AND p.is_active`,
      { prepared: true },
    );
  }

  async #variants(slug: string, role: Role): Promise<VariantRow[]> {
    return await runSql<VariantRow>(
      this.#database,
      sql`SELECT v.id, v.sku_identity_id AS sku_id, v.sku, v.name, v.color_name, m.hex_code AS color_hex,
          m.swatch_image, v.size_value, ${sql.raw(priceExpression(role, 'v'))} AS price, v.retail_price, v.rrp, v.msrp,
          greatest(v.stock_quantity - v.reserved_quantity, 0) AS stock_quantity, v.main_image, v.gallery_images,
          v.is_default
        FROM product_variants v LEFT JOIN color_mappings m
          ON v.color_name <> '' AND m.normalized_name = lower(translate(v.color_name,
            'АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯё', 'абвгдеежзийклмнопрстуфхцчшщъыьэюяе'))
        WHERE v.product_id = (SELECT id FROM products WHERE slug = ${slug}) AND v.is_active
        ORDER BY v.color_name, v.size_value, v.id`,
      { prepared: true },
    );
  }

  async #page(page: {
    readonly where: RawBuilder<unknown>;
    readonly first: number;
    readonly role: Role;
    readonly pageSize: number;
  }): Promise<ListedRow[]> {
    const { where, first, role, pageSize } = page;
    return await runSql<ListedRow>(
      this.#database,
      // The page is cut before variants are looked at: twenty lateral look-ups, whatever the catalogue's size.
      sql`WITH page AS MATERIALIZED (
          SELECT p.* FROM products p WHERE p.id >= ${first} AND ${where} ORDER BY p.id LIMIT ${pageSize})
        SELECT ${sql.raw(SHARED_COLUMNS)}, ${sql.raw(OFFER_COLUMNS)}
        FROM page p LEFT JOIN brands b ON b.id = p.brand_id JOIN categories c ON c.id = p.category_id
          CROSS JOIN LATERAL (${firstOffer(role)}) offer
        ORDER BY p.id`,
    );
  }
}

const OFFER_COLUMNS = `offer.sku, offer.sku_id, offer.price, offer.retail_price, offer.stock_quantity,
  coalesce(nullif(p.base_images->>0, ''), offer.main_image) AS image`;

/** At least one active variant, within the price limits where there are any. */
function sellable(filter: ListFilter, role: Role): RawBuilder<unknown> {
  const conditions = [
    sql`v.product_id = p.id AND v.is_active`,
    ...priceConditions(filter, sql.raw(priceExpression(role, 'v'))),
  ];
  return sql`EXISTS (SELECT 1 FROM product_variants v WHERE ${sql.join(conditions, sql` AND `)})`;
}

/** The cheapest variant that can be bought stands for the product; stock is the sum of all. */
function firstOffer(role: Role): RawBuilder<unknown> {
  const price = priceExpression(role, 'v');
  const order = `ORDER BY (v.stock_quantity > v.reserved_quantity AND ${price} IS NOT NULL) DESC, ${price} NULLS LAST, v.id`;
  return sql.raw(`SELECT (array_agg(v.sku ${order}))[1] AS sku, (array_agg(v.sku_identity_id ${order}))[1] AS sku_id,
      (array_agg(v.main_image ${order}))[1] AS main_image, min(${price}) AS price,
      min(nullif(v.retail_price, 0)) AS retail_price,
      coalesce(sum(greatest(v.stock_quantity - v.reserved_quantity, 0)), 0) AS stock_quantity
    FROM product_variants v WHERE v.product_id = p.id AND v.is_active`);
}
