import type { Queryable } from '../../database/database.ts';
import {
  OPEN_ORDER_QUANTITIES,
  type SkuOffer,
  type SkuQuantity,
  type SkuStore,
} from '../../orders/sku-store.ts';
import { priceExpression, type Role } from '../../users/role.ts';

/**
 * SKUs of 13.4 are identities of the registry; price and stock are those of the variant that carries the identity. An
 * identity without a variant is still named in carts, and cannot be bought.
 *
 * @example
 * const skus = new VariantSkuStore();
 */
export class VariantSkuStore implements SkuStore {
  async offers(db: Queryable, skuIds: readonly number[], role: Role): Promise<Map<number, SkuOffer>> {
    return byId(await db.query<SkuOffer>(offersSql(role), [skuIds]));
  }

  async reserve(db: Queryable, lines: readonly SkuQuantity[]): Promise<ReadonlySet<number>> {
    // The condition is judged on the row as it is once its lock is held (manual, "Read Committed Isolation Level").
    const rows = await db.query<{ sku_id: number }>(
      `WITH wanted AS (SELECT * FROM unnest($1::bigint[], $2::int[]) AS w(id, quantity)),
         locked AS (SELECT s.id, w.quantity FROM product_variants s JOIN wanted w ON w.id = s.sku_identity_id
           ORDER BY s.sku_identity_id FOR UPDATE OF s)
       UPDATE product_variants s SET reserved_quantity = s.reserved_quantity + l.quantity FROM locked l
       WHERE s.id = l.id AND s.is_active AND s.stock_quantity - s.reserved_quantity >= l.quantity
       RETURNING s.sku_identity_id AS sku_id`,
      [lines.map((line) => line.skuId), lines.map((line) => line.quantity)],
    );
    return new Set(rows.map((row) => row.sku_id));
  }

  async refreshReserved(db: Queryable): Promise<number> {
    const rows = await db.query(
      `UPDATE product_variants v SET reserved_quantity = fresh.quantity
       FROM (SELECT w.id, coalesce(open.quantity, 0) AS quantity
         FROM product_variants w LEFT JOIN (${OPEN_ORDER_QUANTITIES}) open ON open.product_id = w.sku_identity_id
         WHERE w.reserved_quantity <> coalesce(open.quantity, 0) ORDER BY w.sku_identity_id FOR UPDATE OF w) fresh
       WHERE v.id = fresh.id RETURNING v.id`,
    );
    return rows.length;
  }
}

function offersSql(role: Role): string {
  return `SELECT s.id AS sku_id, coalesce(p.name, s.name) AS name, coalesce(v.sku, s.sku) AS sku,
      CASE WHEN v.is_active AND p.is_active THEN p.slug END AS slug,
      coalesce(concat_ws(', ', nullif(v.color_name, ''), nullif(v.size_value, '')), '') AS options,
      coalesce(nullif(v.main_image, ''), nullif(p.base_images->>0, '')) AS image,
      ${priceExpression(role, 'v')} AS price,
      CASE WHEN v.is_active AND p.is_active THEN greatest(v.stock_quantity - v.reserved_quantity, 0) ELSE 0 END
        AS available
    FROM sku_identities s
      LEFT JOIN product_variants v ON v.sku_identity_id = s.id
      LEFT JOIN products p ON p.id = v.product_id
    WHERE s.id = ANY($1::bigint[]) ORDER BY s.id`;
}

function byId(offers: readonly SkuOffer[]): Map<number, SkuOffer> {
  return new Map(offers.map((offer) => [offer.sku_id, offer]));
}
