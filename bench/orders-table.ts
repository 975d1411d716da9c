import type { PrivateCluster } from 'pg-cluster';

/** A table with the columns of the shop's order lines, filled by the server: about 190 bytes a row. */
export async function createOrderItems(
  cluster: PrivateCluster,
  database: string,
  rows: number,
): Promise<void> {
  await cluster.query(`CREATE DATABASE ${database}`);
  await cluster.query(
    `CREATE TABLE order_items (id bigint PRIMARY KEY, order_id bigint NOT NULL, product_id bigint NOT NULL, quantity integer NOT NULL, unit_price numeric(10,2) NOT NULL,
       total_price numeric(10,2) NOT NULL, product_name varchar(300) NOT NULL, product_sku varchar(100) NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
     INSERT INTO order_items SELECT n, n / 3, n % 50000, 1 + n % 5, (n % 90000) / 10.0, (n % 90000) / 2.0, 'Кроссовки беговые модель ' || n % 50000 || ' чёрный (42)', 'SKU-' || n % 50000,
       timestamptz '2025-01-01' + n * interval '10 s', timestamptz '2025-01-01' + n * interval '10 s' FROM generate_series(1, ${Math.trunc(rows)}) n;`,
    [],
    database,
  );
  await cluster.query('VACUUM ANALYZE order_items', [], database);
}
