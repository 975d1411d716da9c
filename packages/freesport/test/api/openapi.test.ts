import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ListedProduct } from '../../src/catalogue/catalogue.ts';
import type { ReleaseVersion } from '../../src/release.ts';
import { rows, ShopDatabases } from '../support/shop-database.ts';
import { cookiesOf, type TestServer, testServer } from '../support/test-server.ts';

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

for (const version of ['13.3', '13.4'] satisfies ReleaseVersion[]) {
  describe(`the OpenAPI document of ${version}`, () => {
    let databases: ShopDatabases;
    let server: TestServer;
    let document: Document;
    const checked = new Set<string>();
    before(async () => {
      databases = await ShopDatabases.open();
      await databases.shop(version);
      await rows(
        `UPDATE ${version === '13.3' ? 'products' : 'product_variants'} SET stock_quantity = 50, reserved_quantity = 0`,
      );
      server = await testServer(version);
      document = (await server.app.inject('/api/openapi.json')).json<Document>();
    });
    after(async () => {
      await server.close();
      await databases.release();
    });

    /** Asks, and holds the answer against what the document says of it. */
    const ask = async <T>(
      method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
      path: string,
      url: string,
      request: { payload?: object; cookies?: Record<string, string> } = {},
    ): Promise<{ status: number; body: T; cookies: Record<string, string> }> => {
      const response = await server.app.inject({ method, url, ...request });
      const documented = document.paths[path]?.[method.toLowerCase()]?.responses[String(response.statusCode)];
      assert.ok(documented, `${method} ${path} does not document ${response.statusCode}: ${response.body}`);
      const schema = documented.content?.['application/json']?.schema;
      if (schema !== undefined) {
        const validate = new Ajv2020({ strict: false }).compile(schema);
        assert.ok(validate(response.json()), `${method} ${url}: ${JSON.stringify(validate.errors)}`);
      }
      checked.add(`${method} ${path}`);
      return {
        status: response.statusCode,
        body: (response.body === '' ? undefined : response.json()) as T,
        cookies: cookiesOf(response),
      };
    };

    it('holds for every answer of every route it names', async () => {
      assert.match(document.openapi, /^3\.1/);
      const { body: page } = await ask<{ results: ListedProduct[] }>(
        'GET',
        '/api/products/',
        '/api/products/?page_size=100',
      );
      await ask('GET', '/api/products/', '/api/products/?page=999');
      for (const product of page.results.slice(0, 10)) {
        await ask('GET', '/api/products/{slug}/', `/api/products/${product.slug}/`);
      }
      await ask('GET', '/api/products/{slug}/', '/api/products/unknown/');
      await ask('GET', '/api/categories/', '/api/categories/');
      const skuId = page.results[0]?.sku_id;
      const added = await ask('POST', '/api/cart/', '/api/cart/', {
        payload: { sku_id: skuId, quantity: 2 },
      });
      const { cookies } = added;
      await ask('POST', '/api/cart/', '/api/cart/', { payload: { sku_id: 999_999, quantity: 2 } });
      await ask('POST', '/api/cart/', '/api/cart/', { payload: { sku_id: 'x' } });
      await ask('PATCH', '/api/cart/', '/api/cart/', { payload: { sku_id: skuId, quantity: 1 }, cookies });
      await ask('GET', '/api/cart/', '/api/cart/', { cookies });
      const buyer = { customer_name: 'Анна', customer_phone: '+79990000000' };
      const placed = await ask<{ order_number: string }>('POST', '/api/orders/', '/api/orders/', {
        payload: buyer,
        cookies,
      });
      assert.equal(placed.status, 201);
      await ask('POST', '/api/orders/', '/api/orders/', {
        payload: { ...buyer, items: [{ sku_id: skuId, quantity: 9999 }] },
      });
      await ask('POST', '/api/orders/', '/api/orders/', { payload: {} });
      await ask('GET', '/api/orders/{number}/', `/api/orders/${placed.body.order_number}/`, {
        cookies: placed.cookies,
      });
      await ask('GET', '/api/orders/{number}/', '/api/orders/unknown/');
      await ask('DELETE', '/api/cart/', '/api/cart/', { cookies });
      await ask('POST', '/api/auth/login/', '/api/auth/login/', {
        payload: { email: 'nobody@example.com', password: 'x' },
      });
      await ask('GET', '/api/auth/me/', '/api/auth/me/');
      await ask('POST', '/api/auth/logout/', '/api/auth/logout/');
      const named = Object.entries(document.paths).flatMap(([path, operations]) =>
        Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
      );
      assert.deepEqual([...checked].sort(), named.sort());
    });
  });
}
