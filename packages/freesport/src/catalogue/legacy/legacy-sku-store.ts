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

  async lock(db: Queryable, skuIds: readonly number[], role: Role): Promise<Map<number, SkuOffer>> {
    await db.query('SELECT id FROM products WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE', [skuIds]);
    // Read after the locks are held: at READ COMMITTED this statement sees what the holders before us committed.
    return await this.offers(db, skuIds, role);
  }

  async reserve(db: Queryable, lines: readonly SkuQuantity[]): Promise<void> {
    await db.query(
      `UPDATE products p SET reserved_quantity = p.reserved_quantity + line.quantity
       FROM unnest($1::bigint[], $2::int[]) AS line(id, quantity) WHERE p.id = line.id`,
      [lines.map((line) => line.skuId), lines.map((line) => line.quantity)],
    );
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
