import type { Queryable } from '../../database/database.ts';
import {
  OPEN_ORDER_QUANTITIES,
  type SkuOffer,
  type SkuQuantity,
  type SkuStore,
} from '../../orders/sku-store.ts';
import { priceExpression, type Role } from '../../users/role.ts';

/**
 * SKUs of 13.3 are rows of `products`.
 *
 * @example
 * const skus = new LegacySkuStore();
 */
export class LegacySkuStore implements SkuStore {
  async offers(db: Queryable, skuIds: readonly number[], role: Role): Promise<Map<number, SkuOffer>> {
    return byId(await db.query<SkuOffer>(offersSql(role), [skuIds]));
  }

  async reserve(db: Queryable, lines: readonly SkuQuantity[]): Promise<ReadonlySet<number>> {
    // The condition is judged on the row as it is once its lock is held (manual, "Read Committed Isolation Level").
    const rows = await db.query<{ sku_id: number }>(
      `WITH wanted AS (SELECT * FROM unnest($1::bigint[], $2::int[]) AS w(id, quantity)),
         locked AS (SELECT s.id, w.quantity FROM products s JOIN wanted w ON w.id = s.id
           ORDER BY s.id FOR UPDATE OF s)
       UPDATE products s SET reserved_quantity = s.reserved_quantity + l.quantity FROM locked l
       WHERE s.id = l.id AND s.is_active AND s.stock_quantity - s.reserved_quantity >= l.quantity
       RETURNING s.id AS sku_id`,
      [lines.map((line) => line.skuId), lines.map((line) => line.quantity)],
    );
    return new Set(rows.map((row) => row.sku_id));
  }

  async refreshReserved(db: Queryable): Promise<number> {
    const rows = await db.query(
      `UPDATE products p SET reserved_quantity = fresh.quantity
       FROM (SELECT q.id, coalesce(open.quantity, 0) AS quantity
         FROM products q LEFT JOIN (${OPEN_ORDER_QUANTITIES}) open ON open.product_id = q.id
         WHERE q.reserved_quantity <> coalesce(open.quantity, 0) ORDER BY q.id FOR UPDATE OF q) fresh
       WHERE p.id = fresh.id RETURNING p.id`,
    );
    return rows.length;
  }
}

function offersSql(role: Role): string {
  return `SELECT p.id AS sku_id, p.name, p.sku, CASE WHEN p.is_active THEN p.slug END AS slug, '' AS options,
      nullif(p.main_image, '') AS image, ${priceExpression(role, 'p')} AS price,
      CASE WHEN p.is_active THEN greatest(p.stock_quantity - p.reserved_quantity, 0) ELSE 0 END AS available
    FROM products p WHERE p.id = ANY($1::bigint[]) ORDER BY p.id`;
}

function byId(offers: readonly SkuOffer[]): Map<number, SkuOffer> {
  return new Map(offers.map((offer) => [offer.sku_id, offer]));
}
