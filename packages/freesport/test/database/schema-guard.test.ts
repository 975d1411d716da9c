import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SchemaGuard, type SchemaOwner } from '../../src/database/schema-guard.ts';
import type { ReleaseVersion } from '../../src/release.ts';
import { ShopDatabases } from '../support/shop-database.ts';
import { testServer } from '../support/test-server.ts';

const DEADLINE_MS = 20_000;
const ORDER = {
  method: 'POST',
  url: '/api/orders/',
  payload: { customer_name: 'A', customer_phone: '+7999', items: [{ sku_id: 1, quantity: 1 }] },
} as const;

describe('two releases on one database name', () => {
  let databases: ShopDatabases;
  before(async () => {
    databases = await ShopDatabases.open();
  });
  after(() => databases.release());

  /** As a switch does: closed, emptied of sessions, renamed. */
  const away = async (from: string, to: string): Promise<void> => {
    const { cluster } = databases;
    await cluster.query(`ALTER DATABASE ${from} ALLOW_CONNECTIONS false`);
    do {
      await cluster.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${from}'`);
    } while ((await cluster.query(`SELECT FROM pg_stat_activity WHERE datname = '${from}'`)).rows.length > 0);
    await cluster.query(`ALTER DATABASE ${from} RENAME TO ${to}`);
  };
  const exchange = async (live: string, next: string, former: string): Promise<void> => {
    await away(live, former);
    await away(next, live);
    await databases.cluster.query(`ALTER DATABASE ${live} ALLOW_CONNECTIONS true`);
  };
  const orders = async (database: string): Promise<number> =>
    Number((await databases.cluster.query('SELECT count(*) AS n FROM orders', [], database)).rows[0].n);
  const becomes = async (guard: SchemaGuard, owner: SchemaOwner): Promise<void> => {
    const deadline = performance.now() + DEADLINE_MS;
    while (guard.owner() !== owner) {
      assert.ok(performance.now() < deadline, `still ${guard.owner()}, expected ${owner}`);
      await sleep(5);
    }
  };
  const serving = async (version: ReleaseVersion) => {
    const guard = new SchemaGuard('freesport-api', version);
    const server = await testServer(version, {
      admit: (session) => guard.requireOwn(session),
      schemaOwner: () => guard.owner(),
    });
    const close = async (): Promise<void> => {
      await server.close();
      await guard.close();
    };
    return { guard, inject: server.app.inject.bind(server.app), close };
  };

  it('are served by the one whose schema it is, there and back', async () => {
    const next = await databases.shop('13.4');
    const live = await databases.shop('13.3');
    const old = await serving('13.3');
    const young = await serving('13.4');
    const states = async () => [
      (await old.inject('/api/products/')).statusCode,
      (await young.inject('/api/products/')).statusCode,
    ];
    await becomes(old.guard, 'own');
    await becomes(young.guard, 'other');
    assert.deepEqual(await states(), [200, 503]);
    assert.equal((await young.inject('/api/health/')).statusCode, 200);
    const ready = await young.inject('/api/health/ready/');
    assert.equal(ready.statusCode, 503);
    const difference = ready.json<{ status: string; missing: string[] }>();
    assert.equal(difference.status, 'schema-differs');
    assert.ok(difference.missing.length > 0);

    await exchange(live, next, 'before');
    await becomes(young.guard, 'own');
    await becomes(old.guard, 'other');
    // The list of a moment ago is still in the old release's cache, and is no answer any more.
    assert.deepEqual(await states(), [503, 200]);

    await exchange(live, 'before', 'after');
    await becomes(old.guard, 'own');
    await becomes(young.guard, 'other');
    assert.deepEqual(await states(), [200, 503]);
    await old.close();
    await young.close();
  });

  it('writes nothing of one into the schema of the other, noticed or not', async () => {
    const next = await databases.shop('13.4');
    const live = await databases.shop('13.3');
    const guard = new SchemaGuard('freesport-api', '13.3');
    // Its watch never notices: what a request meets between the exchange and the notice.
    const server = await testServer('13.3', { admit: (session) => guard.requireOwn(session) });
    assert.equal((await server.app.inject(ORDER)).statusCode, 201);
    await exchange(live, next, `${live}_before`);
    const before = await orders(live);
    const refused = await server.app.inject(ORDER);
    assert.equal(refused.statusCode, 503, refused.body);
    assert.equal(await orders(live), before);
    await server.close();
    await guard.close();
  });
});
