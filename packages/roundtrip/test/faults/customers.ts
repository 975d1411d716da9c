import type { ToyStage } from './toy-stage.ts';

/** What customers do in the hours after the switch: new orders, one of an SKU that the old schema has never seen, a change, a removal. */
export async function customersWrite(stage: ToyStage): Promise<void> {
  await stage.cluster.query(
    `INSERT INTO identities VALUES (77, 'born after the switch');
     INSERT INTO orders (total) SELECT 1000 + n FROM generate_series(1, 20) n;
     INSERT INTO order_items (order_id, product_id, price) SELECT o.id, CASE WHEN o.id % 5 = 0 THEN 77 ELSE 1 END, o.total FROM orders o WHERE o.total > 1000;
     UPDATE orders SET total = 4.99 WHERE id = 4;
     DELETE FROM order_items WHERE id = 50;`,
    [],
    'toy',
  );
}
