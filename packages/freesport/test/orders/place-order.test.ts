import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Order } from '../../src/orders/read-order.ts';
import type { ReleaseVersion } from '../../src/release.ts';
import { loadRelease } from '../../src/releases/load-release.ts';
import { rows, ShopDatabases } from '../support/shop-database.ts';
import { cookiesOf, type TestServer, testServer } from '../support/test-server.ts';

const BUYER = { customer_name: 'Анна', customer_phone: '+79990000000', customer_email: 'anna@example.com' };
const STOCK_TABLE: Readonly<Record<ReleaseVersion, { table: string; key: string }>> = {
  '13.3': { table: 'products', key: 'id' },
  '13.4': { table: 'product_variants', key: 'sku_identity_id' },
};

for (const version of ['13.3', '13.4'] as const) {
  describe(`orders in ${version}`, () => {
    let databases: ShopDatabases;
    let server: TestServer;
    const { table, key } = STOCK_TABLE[version];
    before(async () => {
      databases = await ShopDatabases.open();
      await databases.shop(version);
      server = await testServer(version);
      await rows(`UPDATE ${table} SET stock_quantity = 50, reserved_quantity = 0`);
    });
    after(async () => {
      await server.close();
      await databases.release();
    });

    const order = (
      payload: object,
      extra: { cookies?: Record<string, string>; idempotencyKey?: string } = {},
    ) =>
      server.app.inject({
        method: 'POST',
        url: '/api/orders/',
        payload: { ...BUYER, ...payload },
        cookies: extra.cookies ?? {},
        headers: extra.idempotencyKey === undefined ? {} : { 'idempotency-key': extra.idempotencyKey },
      });
    const reserved = async (skuId: number): Promise<number | undefined> => {
      const [row] = await rows<{ n: number }>(
        `SELECT reserved_quantity AS n FROM ${table} WHERE ${key} = $1`,
        [skuId],
      );
      return row?.n;
    };

    it('turns the cart into an order, reserves, empties the cart and queues one mail', async () => {
      const added = await server.app.inject({
        method: 'POST',
        url: '/api/cart/',
        payload: { sku_id: 3, quantity: 2 },
      });
      assert.equal(added.statusCode, 200, added.body);
      const cookies = cookiesOf(added);
      await server.app.inject({
        method: 'POST',
        url: '/api/cart/',
        payload: { sku_id: 3, quantity: 1 },
        cookies,
      });
      await server.app.inject({
        method: 'PATCH',
        url: '/api/cart/',
        payload: { sku_id: 5, quantity: 4 },
        cookies,
      });
      const cart = (await server.app.inject({ url: '/api/cart/', cookies })).json<{
        items: { quantity: number }[];
        total: string;
      }>();
      assert.deepEqual(
        cart.items.map((item) => item.quantity),
        [3, 4],
      );

      const placed = await order({}, { cookies });
      assert.equal(placed.statusCode, 201, placed.body);
      const body = placed.json<Order>();
      assert.equal(body.total_amount, cart.total);
      assert.deepEqual([await reserved(3), await reserved(5)], [3, 4]);
      assert.deepEqual((await server.app.inject({ url: '/api/cart/', cookies })).json(), {
        items: [],
        total: '0.00',
      });
      assert.equal((await order({}, { cookies })).statusCode, 400, 'an empty cart is no order');
      const jobs = await rows(`SELECT key FROM graphile_worker.jobs WHERE key = $1`, [
        `send_order_mail:${body.order_number}`,
      ]);
      assert.equal(jobs.length, 1);

      const url = `/api/orders/${body.order_number}/`;
      assert.deepEqual((await server.app.inject({ url, cookies: cookiesOf(placed) })).json(), body);
      assert.equal((await server.app.inject({ url })).statusCode, 404, 'a stranger learns nothing');
    });

    it('never sells more than there is, however many want it at once', async () => {
      await rows(`UPDATE ${table} SET stock_quantity = 7, reserved_quantity = 0 WHERE ${key} IN (9, 10)`);
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_unused, index) =>
          // Half of them name the two SKUs the other way round: locks in arrival order would deadlock.
          order({
            items:
              index % 2 === 0
                ? [
                    { sku_id: 9, quantity: 1 },
                    { sku_id: 10, quantity: 1 },
                  ]
                : [
                    { sku_id: 10, quantity: 1 },
                    { sku_id: 9, quantity: 1 },
                  ],
          }),
        ),
      );
      const statuses = answers.map((answer) => answer.statusCode);
      assert.deepEqual(
        [
          statuses.filter((status) => status === 201).length,
          statuses.filter((status) => status === 409).length,
        ],
        [7, 33],
      );
      assert.deepEqual([await reserved(9), await reserved(10)], [7, 7]);
      const refused = answers
        .find((answer) => answer.statusCode === 409)
        ?.json<{ error: { details: { shortages: unknown[] } } }>();
      assert.equal(refused?.error.details.shortages.length, 2);
    });

    it('places one order for a key that is sent many times at once', async () => {
      const idempotencyKey = randomUUID();
      const before = await reserved(13);
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => order({ items: [{ sku_id: 13, quantity: 2 }] }, { idempotencyKey })),
      );
      const numbers = new Set(
        answers
          .filter((answer) => answer.statusCode < 300)
          .map((answer) => answer.json<Order>().order_number),
      );
      assert.equal(numbers.size, 1);
      assert.equal(answers.filter((answer) => answer.statusCode === 201).length, 1);
      assert.equal((await reserved(13)) ?? 0, (before ?? 0) + 2);
      const again = await order({ items: [{ sku_id: 13, quantity: 2 }] }, { idempotencyKey });
      assert.equal(again.statusCode, 200);
      assert.ok(numbers.has(again.json<Order>().order_number));
    });

    it('gives a reservation back when the order is cancelled', async () => {
      const placed = (await order({ items: [{ sku_id: 14, quantity: 5 }] })).json<Order>();
      const { skus } = await loadRelease(version);
      const open = await rows<{ n: number }>(
        `SELECT coalesce(sum(i.quantity), 0)::int AS n FROM order_items i JOIN orders o ON o.id = i.order_id
         WHERE i.product_id = 14 AND o.status IN ('pending', 'confirmed', 'processing')`,
      );
      await server.database.transaction((connection) => skus.refreshReserved(connection));
      assert.equal(await reserved(14), open[0]?.n);
      await rows(`UPDATE orders SET status = 'cancelled' WHERE order_number = $1`, [placed.order_number]);
      await server.database.transaction((connection) => skus.refreshReserved(connection));
      assert.equal(await reserved(14), (open[0]?.n ?? 0) - 5);
    });

    it('refuses what has no price and what is not there', async () => {
      if (version === '13.4')
        await rows(`UPDATE product_variants SET retail_price = NULL WHERE sku_identity_id = 15`);
      else await rows('UPDATE products SET retail_price = 0 WHERE id = 15');
      assert.equal((await order({ items: [{ sku_id: 15, quantity: 1 }] })).statusCode, 409);
      assert.equal((await order({ items: [{ sku_id: 999999, quantity: 1 }] })).statusCode, 409);
      const unknown = await server.app.inject({
        method: 'POST',
        url: '/api/cart/',
        payload: { sku_id: 999999, quantity: 1 },
      });
      assert.equal(unknown.statusCode, 404);
      assert.equal((await order({ items: [{ sku_id: 15, quantity: -1 }] })).statusCode, 400);
    });
  });
}
