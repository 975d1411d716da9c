import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Stage } from './shop-stage.ts';

const execute = promisify(execFile);

interface Sku {
  readonly sku_id: number;
  readonly stock: number;
}

/**
 * Customers after the switch: 1C sends goods that the old release has never seen, and orders are placed through the
 * API, some of them for those. Returns the order numbers that the shop acknowledged.
 */
export async function placeOrders(stage: Stage, count: number): Promise<string[]> {
  await importNewGoods(stage);
  const skus = await sellableSkus(stage);
  const acknowledged: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const sku = skus[index % skus.length];
    if (sku === undefined) break;
    const response = await fetch(`${stage.production.settings.baseUrl}/api/orders/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `demo-customer-order-${index}` },
      body: JSON.stringify({
        customer_name: `Покупатель ${index}`,
        customer_email: `customer-${index}@example.com`,
        customer_phone: '+79990000000',
        delivery_address: 'Москва, Тверская 1',
        delivery_method: 'courier',
        payment_method: 'card',
        notes: '',
        items: [{ sku_id: sku.sku_id, quantity: 1 }],
      }),
    });
    if (response.status === 201)
      acknowledged.push(((await response.json()) as { order_number: string }).order_number);
  }
  return acknowledged;
}

/** How many of these orders the database that serves now does not have. */
export async function missingOrders(stage: Stage, numbers: readonly string[]): Promise<number> {
  const { rows } = await stage.productionCluster.query(
    `SELECT count(*)::int AS missing FROM unnest($1::text[]) AS wanted(number)
     WHERE NOT EXISTS (SELECT FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id WHERE o.order_number = wanted.number)`,
    [numbers],
    stage.production.database.database,
  );
  return Number(rows[0].missing);
}

/**
 * SKUs that customers can order all night: the fullest shelves of the old release. An exchange of a few goods may have
 * sold out, and goods without a price: what is on sale there is then delivered, and priced, for the sake of the demo.
 */
export async function orderableSkus(stage: Stage): Promise<number[]> {
  const { database } = stage.production.database;
  const fullest = async (): Promise<number[]> => {
    const { rows } = await stage.productionCluster.query(
      `SELECT id::int FROM products WHERE is_active AND retail_price > 0 AND stock_quantity - reserved_quantity >= 20
       ORDER BY stock_quantity - reserved_quantity DESC, id LIMIT 200`,
      [],
      database,
    );
    return rows.map(({ id }: { id: number }) => id);
  };
  const found = await fullest();
  if (found.length > 0) return found;
  await stage.productionCluster.query(
    `UPDATE products SET stock_quantity = reserved_quantity + 1000, retail_price = greatest(retail_price, 1)
     WHERE is_active`,
    [],
    database,
  );
  return await fullest();
}

async function importNewGoods(stage: Stage): Promise<void> {
  const folder = path.join(stage.folder, 'new-goods');
  const commerceml = stage.production.settings.commerceml ?? '';
  await execute(process.execPath, [
    commerceml,
    'generate',
    folder,
    '--goods',
    '5',
    '--offers-per-good',
    '3',
    '--seed',
    '99',
    '--changes',
  ]);
  await stage.shop('import-products-from-1c', '--mode', 'changes', '--json', folder);
}

/** Two dozen SKUs in stock, those of the new goods first. */
async function sellableSkus(stage: Stage): Promise<Sku[]> {
  const { rows } = await stage.productionCluster.query(
    `SELECT sku_identity_id::int AS sku_id, stock_quantity - reserved_quantity AS stock FROM product_variants v
     WHERE is_active AND EXISTS (SELECT FROM products p WHERE p.id = v.product_id AND p.is_active) AND stock_quantity - reserved_quantity >= 5 AND retail_price > 0 ORDER BY sku_identity_id DESC LIMIT 24`,
    [],
    stage.production.database.database,
  );
  return rows as Sku[];
}
