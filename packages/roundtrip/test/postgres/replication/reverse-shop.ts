import assert from 'node:assert/strict';
import type { PrivateCluster } from 'pg-cluster';
import type { DatabaseAddress } from '../../../src/postgres/connection.ts';

/** The shop in small: protected tables that refer to products, which the migration replaces. */
const SCHEMA = `
  CREATE TABLE products (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE users (id bigserial PRIMARY KEY, email text UNIQUE);
  CREATE TABLE orders (id bigserial PRIMARY KEY, user_id bigint REFERENCES users, total numeric(10,2), note text, placed timestamptz DEFAULT now());
  CREATE TABLE order_items (id bigserial PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, product_id int REFERENCES products, name text);
  INSERT INTO products SELECT n, 'product ' || n FROM generate_series(1, 100) n;
  INSERT INTO users (email) SELECT n || '@example.org' FROM generate_series(1, 50) n;
  INSERT INTO orders (user_id, total) SELECT n % 50 + 1, n FROM generate_series(1, 500) n;
  INSERT INTO order_items (order_id, product_id, name) SELECT n % 500 + 1, n % 100 + 1, 'item' FROM generate_series(1, 1500) n`;

export const PROTECTED = ['users', 'orders', 'order_items'] as const;

export interface ReverseShop {
  readonly live: DatabaseAddress;
  readonly return: DatabaseAddress;
  readonly onLive: PrivateCluster['query'];
  readonly onReturn: PrivateCluster['query'];
}

let made = 0;

/** A migrated database (a column and a product more, one product less) and its return database, as yet unconnected. */
export async function reverseShop(publisher: PrivateCluster, subscriber = publisher): Promise<ReverseShop> {
  made += 1;
  const [live, back] = [`live${made}`, `return${made}`];
  for (const [cluster, name] of [
    [publisher, live],
    [subscriber, back],
  ] as const) {
    await cluster.query(`CREATE DATABASE ${name}`);
    await cluster.query(SCHEMA, [], name);
  }
  // Times differ between two runs of the schema: the return database holds exactly what the live one held.
  for (const [cluster, name] of [
    [publisher, live],
    [subscriber, back],
  ] as const)
    await cluster.query(`UPDATE orders SET placed = '2026-11-01 10:00+00'`, [], name);
  await publisher.query(
    `ALTER TABLE order_items DROP CONSTRAINT order_items_product_id_fkey; DELETE FROM products`,
    [],
    live,
  );
  return {
    live: publisher.address(live),
    return: subscriber.address(back),
    onLive: (text, values) => publisher.query(text, values, live),
    onReturn: (text, values) => subscriber.query(text, values, back),
  };
}

/** Asks until the answer is the expected one, or a deadline is over. */
export async function eventually(ask: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await ask())) {
    assert.ok(Date.now() < deadline, `not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
