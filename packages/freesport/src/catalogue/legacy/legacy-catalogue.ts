import { type RawBuilder, sql } from 'kysely';
import type { Queryable } from '../../database/database.ts';
import { runSql } from '../../database/run-sql.ts';
import { priceExpression, type Role } from '../../users/role.ts';
import type { Catalogue, ListFilter, ProductDetail, ProductPage } from '../catalogue.ts';
import type { CategoryTree } from '../category-tree.ts';
import { listConditions, priceConditions } from '../list-conditions.ts';
import { ListOutlines } from '../list-outlines.ts';
import { type ListedRow, listedProduct, SHARED_COLUMNS } from '../listed-row.ts';

interface DetailRow extends ListedRow {
  readonly description: string;
  readonly short_description: string;
  readonly min_order_quantity: number;
  readonly gallery_images: readonly string[];
  readonly specifications: Readonly<Record<string, unknown>>;
  readonly seo_title: string;
  readonly seo_description: string;
}

/**
 * The catalogue of 13.3: every row of `products` is one SKU.
 *
 * @example
 * const catalogue = new LegacyCatalogue(database, tree);
 */
export class LegacyCatalogue implements Catalogue {
  readonly #database: Queryable;
  readonly #tree: CategoryTree;
  readonly #outlines: ListOutlines;

  constructor(database: Queryable, tree: CategoryTree) {
    this.#database = database;
    this.#tree = tree;
    this.#outlines = new ListOutlines(database);
  }

  async list(filter: ListFilter, role: Role): Promise<ProductPage> {
    const price = sql.raw(priceExpression(role, 'p'));
    const where = sql.join(
      [...(await listConditions(filter, this.#tree)), ...priceConditions(filter, price)],
      sql` AND `,
    );
    const { count, rows } = await this.#outlines.page({
      filter,
      role,
      where,
      read: (first) =>
        runSql<ListedRow>(
          this.#database,
          sql`SELECT ${skuColumns(role)} FROM products p
            LEFT JOIN brands b ON b.id = p.brand_id JOIN categories c ON c.id = p.category_id
            WHERE p.id >= ${first} AND ${where} ORDER BY p.id LIMIT ${filter.pageSize}`,
        ),
    });
    return { count, results: rows.map(listedProduct) };
  }

  async detail(slug: string, role: Role): Promise<ProductDetail | undefined> {
    const [row] = await runSql<DetailRow>(
      this.#database,
      sql`SELECT ${skuColumns(role)}, p.description, p.short_description, p.min_order_quantity, p.gallery_images,
          p.specifications, p.seo_title, p.seo_description
        FROM products p LEFT JOIN brands b ON b.id = p.brand_id JOIN categories c ON c.id = p.category_id
        WHERE p.slug = ${slug} AND p.is_active`,
      { prepared: true },
    );
    if (row === undefined) return undefined;
    return {
      ...listedProduct(row),
      description: row.description,
      short_description: row.short_description,
      min_order_quantity: row.min_order_quantity,
      gallery_images: row.gallery_images,
      specifications: row.specifications,
      seo_title: row.seo_title,
      seo_description: row.seo_description,
    };
  }
}

function skuColumns(role: Role): RawBuilder<unknown> {
  return sql.raw(`${SHARED_COLUMNS}, p.sku, p.id AS sku_id, ${priceExpression(role, 'p')} AS price, p.retail_price,
    greatest(p.stock_quantity - p.reserved_quantity, 0) AS stock_quantity, p.main_image AS image`);
}
