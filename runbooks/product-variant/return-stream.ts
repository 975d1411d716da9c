import type { ReverseMapping } from 'roundtrip';

/** What customers write: carried back in a rollback, with what the protected tables refer to. */
export const CUSTOMERS_TABLES = [
  'users',
  'companies',
  'addresses',
  'orders',
  'order_items',
  'carts',
  'cart_items',
  'favorites',
  // Mails that are owed for orders, and those that were sent: neither twice nor never.
  'mail_outbox',
  'graphile_worker._private_tasks',
  'graphile_worker._private_job_queues',
  'graphile_worker._private_jobs',
] as const;

/** Lines of SKUs that have no row in the old catalogue: those that were born after the switch. */
const UNKNOWN_SKUS = `
  SELECT product_id, max(product_name) AS name, max(product_sku) AS sku, max(unit_price) AS price FROM (
    SELECT product_id, product_name, product_sku, unit_price FROM order_items
    UNION ALL SELECT product_id, NULL, NULL, NULL FROM cart_items
    UNION ALL SELECT product_id, NULL, NULL, NULL FROM favorites) AS lines
  WHERE NOT EXISTS (SELECT FROM products p WHERE p.id = lines.product_id) GROUP BY product_id`;

/**
 * How rows land in 13.3 that it cannot hold as they are: an SKU born after the switch becomes an inactive product under
 * its own id, named as the order line remembers it. Nobody can buy it; every order that has it is whole.
 */
export const REVERSE_MAPPING: readonly ReverseMapping[] = [
  {
    table: 'categories',
    sql: `INSERT INTO categories (name, slug, is_active) SELECT 'Перенесено из 13.4', 'returned-from-13-4', false
      WHERE EXISTS (${UNKNOWN_SKUS}) ON CONFLICT (slug) DO NOTHING`,
  },
  {
    table: 'products',
    sql: `INSERT INTO products (id, name, slug, sku, retail_price, main_image, is_active, sync_status, category_id)
      SELECT product_id, coalesce(name, 'SKU ' || product_id), 'returned-sku-' || product_id, coalesce(nullif(sku, '') || '-' || product_id, 'SKU-' || product_id),
             coalesce(price, 0), '', false, 'returned', (SELECT id FROM categories WHERE slug = 'returned-from-13-4')
      FROM (${UNKNOWN_SKUS}) AS unknown`,
  },
];
