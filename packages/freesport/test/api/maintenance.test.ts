import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { ShopDatabases } from '../support/shop-database.ts';
import { type TestServer, testServer } from '../support/test-server.ts';

describe('maintenance mode', () => {
  let databases: ShopDatabases;
  let server: TestServer;
  before(async () => {
    databases = await ShopDatabases.open();
    await databases.shop('13.3');
    server = await testServer('13.3');
  });
  after(async () => {
    await server.close();
    await databases.release();
  });

  it('answers 503 with Retry-After while the flag file is there, except health and metrics', async () => {
    writeFileSync(server.maintenanceFlag, '');
    for (const url of ['/api/products/', '/api/categories/', '/api/cart/', '/api/openapi.json', '/nowhere']) {
      const response = await server.app.inject(url);
      assert.equal(response.statusCode, 503, url);
      assert.ok(Number(response.headers['retry-after']) > 0);
      assert.equal(response.json<{ error: { code: string } }>().error.code, 'maintenance');
    }
    const page = await server.app.inject({ url: '/catalog/', headers: { accept: 'text/html' } });
    assert.equal(page.statusCode, 503);
    assert.match(page.body, /закрыт на обслуживание/);
    const order = await server.app.inject({ method: 'POST', url: '/api/orders/', payload: {} });
    assert.equal(order.statusCode, 503);
    const health = await server.app.inject('/api/health/');
    assert.equal(health.statusCode, 200);
    assert.deepEqual(
      (({ status, release, maintenance, in_flight }) => ({ status, release, maintenance, in_flight }))(
        health.json<{ status: string; release: string; maintenance: boolean; in_flight: number }>(),
      ),
      { status: 'ok', release: '13.3', maintenance: true, in_flight: 0 },
    );
    assert.equal((await server.app.inject('/api/health/ready/')).statusCode, 200);
    const metrics = await server.app.inject('/metrics');
    assert.match(
      metrics.body,
      /http_request_duration_seconds_count\{.*route="\/api\/products\/".*status="503".*\} 1/,
    );

    rmSync(server.maintenanceFlag);
    assert.equal((await server.app.inject('/api/products/')).statusCode, 200);
    assert.equal((await server.app.inject('/nowhere')).statusCode, 404);
  });

  it('is not ready on the schema of another release', async () => {
    const wrong = await testServer('13.4');
    const ready = await wrong.app.inject('/api/health/ready/');
    assert.equal(ready.statusCode, 503);
    assert.ok(ready.json<{ missing: string[] }>().missing.includes('variants/0101_sku_identities'));
    assert.equal((await wrong.app.inject('/api/products/')).statusCode, 503);
    await wrong.close();
  });
});
