import { SEED_NOW } from './people-sql.ts';
import type { SeedOptions } from './seed-options.ts';

/** Lines of an order at most; neighbours in the list of SKUs, so that no SKU comes twice. */
const LINES_MAX = 5;

/**
 * SQL that makes orders with lines, carts and favourites over the users and products that are there. Half a per cent of
 * the orders are open. SKUs that 1C no longer knows are ordered like any others.
 *
 * @example
 * await client.query(ordersSql({ orders: 20_000, carts: 500, ... }));
 */
export function ordersSql(options: SeedOptions): string {
  const { orders, users, carts } = options;
  return `
    CREATE TEMP TABLE seed_skus ON COMMIT DROP AS
      SELECT row_number() OVER (ORDER BY id) - 1 AS ordinal, id, name, sku, retail_price FROM products;
    ALTER TABLE seed_skus ADD PRIMARY KEY (ordinal);
    ANALYZE seed_skus;

    CREATE TEMP TABLE seed_lines ON COMMIT DROP AS
      SELECT o AS order_id, line, s.id AS product_id, s.name, s.sku, s.retail_price,
        (1 + pg_temp.pick(o * 8 + line, 20, 3))::int AS quantity
      FROM (SELECT o, count, least(1 + pg_temp.pick(o, 21, ${LINES_MAX}), count) AS lines, pg_temp.pick(o, 22, count) AS first
          FROM generate_series(1, ${orders}::bigint) o, (SELECT greatest(count(*), 1) AS count FROM seed_skus) c) head
        CROSS JOIN LATERAL generate_series(0, lines - 1) line
        JOIN seed_skus s ON s.ordinal = (first + line) % count;

    INSERT INTO orders (id, order_number, user_id, customer_name, customer_email, customer_phone, status, total_amount,
      delivery_cost, delivery_address, delivery_method, payment_method, payment_status, tracking_number, created_at, updated_at)
    SELECT o.id, 'FS-' || lpad(o.id::text, 8, '0'), u.id, coalesce(u.last_name || ' ' || u.first_name, 'Гость ' || o.id),
      coalesce(u.email, 'guest' || o.id || '@example.com'), coalesce(u.phone, ''), o.status, t.total, 0,
      'Москва, ул. Спортивная, ' || (1 + pg_temp.pick(o.id, 30, 99)),
      (ARRAY['pickup','courier','post'])[1 + pg_temp.pick(o.id, 31, 3)],
      (ARRAY['card','cash','invoice'])[1 + pg_temp.pick(o.id, 32, 3)],
      CASE WHEN o.status = 'pending' THEN 'pending' ELSE 'paid' END,
      CASE WHEN o.status IN ('shipped', 'delivered') THEN 'RU' || lpad(pg_temp.pick(o.id, 33, 1000000000)::text, 9, '0') ELSE '' END,
      o.created, o.created + interval '1 hour'
    FROM (SELECT o AS id,
        CASE WHEN pg_temp.pick(o, 34, 200) = 0 THEN (ARRAY['pending','confirmed','processing'])[1 + pg_temp.pick(o, 35, 3)]
          ELSE (ARRAY['delivered','delivered','delivered','shipped','cancelled','refunded'])[1 + pg_temp.pick(o, 35, 6)] END AS status,
        CASE WHEN pg_temp.pick(o, 36, 5) > 0 THEN 1 + pg_temp.pick(o, 37, greatest(${users}, 1)::bigint) END AS user_id,
        ${SEED_NOW} - make_interval(mins => pg_temp.pick(o, 38, 1000000)::int) AS created
        FROM generate_series(1, ${orders}::bigint) o) o
      LEFT JOIN users u ON u.id = o.user_id
      JOIN (SELECT order_id, sum(retail_price * quantity) AS total FROM seed_lines GROUP BY order_id) t ON t.order_id = o.id;

    INSERT INTO order_items (id, order_id, product_id, quantity, unit_price, total_price, product_name, product_sku, created_at, updated_at)
    SELECT row_number() OVER (ORDER BY l.order_id, l.line), l.order_id, l.product_id, l.quantity, l.retail_price,
      l.retail_price * l.quantity, l.name, l.sku, o.created_at, o.created_at
    FROM seed_lines l JOIN orders o ON o.id = l.order_id;

    INSERT INTO carts (id, user_id, session_key, created_at, updated_at)
    SELECT c, CASE WHEN c % 2 = 0 AND c <= ${users} THEN c END,
      CASE WHEN c % 2 = 0 AND c <= ${users} THEN NULL ELSE md5('cart' || c) END,
      ${SEED_NOW} - make_interval(mins => pg_temp.pick(c, 40, 40000)::int), ${SEED_NOW}
    FROM generate_series(1, ${carts}::bigint) c;

    INSERT INTO cart_items (id, cart_id, product_id, quantity, added_at, updated_at)
    SELECT row_number() OVER (ORDER BY c, line), c, s.id, 1 + pg_temp.pick(c * 8 + line, 41, 2), added, added
    FROM (SELECT c, count, least(1 + pg_temp.pick(c, 42, 4), count) AS lines, pg_temp.pick(c, 43, count) AS first,
          ${SEED_NOW} - make_interval(mins => pg_temp.pick(c, 40, 40000)::int) AS added
        FROM generate_series(1, ${carts}::bigint) c, (SELECT greatest(count(*), 1) AS count FROM seed_skus) n) head
      CROSS JOIN LATERAL generate_series(0, lines - 1) line
      JOIN seed_skus s ON s.ordinal = (first + line) % count;

    INSERT INTO favorites (id, user_id, product_id, created_at)
    SELECT u, u, s.id, ${SEED_NOW} - make_interval(mins => pg_temp.pick(u, 50, 400000)::int)
    FROM generate_series(1, ${users}::bigint) u, (SELECT greatest(count(*), 1) AS count FROM seed_skus) n
      JOIN LATERAL (SELECT id FROM seed_skus WHERE ordinal = pg_temp.pick(u, 51, count)) s ON true
    WHERE pg_temp.pick(u, 52, 3) = 0;`;
}
