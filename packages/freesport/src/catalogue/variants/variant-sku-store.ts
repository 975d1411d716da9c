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

  async lock(db: Queryable, skuIds: readonly number[], role: Role): Promise<Map<number, SkuOffer>> {
    await db.query(
      `SELECT id FROM product_variants WHERE sku_identity_id = ANY($1::bigint[]) ORDER BY sku_identity_id FOR UPDATE`,
      [skuIds],
    );
    // Read after the locks are held: at READ COMMITTED this statement sees what the holders before us committed.
    return await this.offers(db, skuIds, role);
  }

  async reserve(db: Queryable, lines: readonly SkuQuantity[]): Promise<void> {
    await db.query(
      `UPDATE product_variants v SET reserved_quantity = v.reserved_quantity + line.quantity
       FROM unnest($1::bigint[], $2::int[]) AS line(id, quantity) WHERE v.sku_identity_id = line.id`,
      [lines.map((line) => line.skuId), lines.map((line) => line.quantity)],
    );
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
