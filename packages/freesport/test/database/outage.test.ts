import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '../../src/database/database.ts';
import { ShopError } from '../../src/errors.ts';
import { ShopDatabases } from '../support/shop-database.ts';
import { testServer } from '../support/test-server.ts';

describe('a database that is taken away', () => {
  let databases: ShopDatabases;
  before(async () => {
    databases = await ShopDatabases.open();
  });
  after(() => databases.release());

  const take = async (name: string): Promise<void> => {
    await databases.cluster.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await databases.cluster.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
    );
    for (;;) {
      const { rows } = await databases.cluster.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = '${name}'`,
      );
      if (rows.length === 0) break;
      await sleep(5);
    }
    await databases.cluster.query(`ALTER DATABASE ${name} RENAME TO ${name}_away`);
  };
  const giveBack = async (name: string): Promise<void> => {
    await databases.cluster.query(`ALTER DATABASE ${name}_away RENAME TO ${name}`);
    await databases.cluster.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  };

  it('is answered 503 in between and served again after, without a crash', async () => {
    const name = await databases.shop('13.4');
    const server = await testServer('13.4', { patienceMs: 200 });
    const burst = () => Promise.all(Array.from({ length: 12 }, () => server.app.inject('/api/cart/')));
    assert.ok((await burst()).every((response) => response.statusCode === 200));
    assert.equal((await server.app.inject('/api/products/good-1/')).statusCode, 200);
    await take(name);
    const away = await server.app.inject('/api/products/good-5/');
    assert.equal(away.statusCode, 503, away.body);
    assert.equal(away.headers['retry-after'], '1');
    const order = await server.app.inject({
      method: 'POST',
      url: '/api/orders/',
      payload: { customer_name: 'A', customer_phone: '+7999', items: [{ sku_id: 1, quantity: 1 }] },
    });
    assert.equal(order.statusCode, 503);
    assert.equal((await server.app.inject('/api/health/')).statusCode, 200);
    assert.equal((await server.app.inject('/api/health/ready/')).statusCode, 503);
    await giveBack(name);
    assert.equal((await server.app.inject('/api/products/good-5/')).statusCode, 200);
    assert.equal((await server.app.inject('/api/health/ready/')).statusCode, 200);
    await server.close();
  });

  it('only makes a request wait where it comes back within the patience', async () => {
    const name = await databases.shop('13.4');
    const server = await testServer('13.4', { patienceMs: 20_000 });
    assert.equal((await server.app.inject('/api/products/good-1/')).statusCode, 200);
    await take(name);
    const waiting = Promise.all([
      server.app.inject('/api/products/good-9/'),
      server.app.inject({
        method: 'POST',
        url: '/api/orders/',
        payload: { customer_name: 'A', customer_phone: '+7999', items: [{ sku_id: 1, quantity: 1 }] },
      }),
    ]);
    await sleep(50);
    await giveBack(name);
    assert.deepEqual(
      (await waiting).map((response) => response.statusCode),
      [200, 201],
    );
    await server.close();
  });

  it('never repeats a COMMIT whose answer was lost, but asks what it did', async () => {
    await databases.create();
    const database = new Database('freesport-api');
    await database.query('CREATE TABLE t (x int)');
    const lose = async (): Promise<void> => {
      // Terminates the session at its COMMIT: the deferred trigger runs there.
      await database.query(`CREATE OR REPLACE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END $$`);
      await database.query(`CREATE CONSTRAINT TRIGGER die AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION die()`);
    };
    await lose();
    let runs = 0;
    const work = database.transaction(async (connection) => {
      runs += 1;
      await connection.query('INSERT INTO t VALUES (1)');
    });
    await assert.rejects(
      work,
      (error) => error instanceof ShopError && /outcome is unknown/.test(error.message),
    );
    assert.equal(runs, 1);
    const asked = await database.transaction(
      async (connection) => {
        await connection.query('INSERT INTO t VALUES (2)');
        return 'committed';
      },
      { afterLostCommit: async () => 'asked' },
    );
    assert.equal(asked, 'asked');
    await database.close();
  });
});
