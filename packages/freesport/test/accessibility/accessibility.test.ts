import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import axe from 'axe-core';
import { JSDOM } from 'jsdom';
import { hashPassword } from '../../src/users/password.ts';
import { rows, ShopDatabases } from '../support/shop-database.ts';
import { Browser, type TestServer, testServer } from '../support/test-server.ts';

const PASSWORD = 'long enough for a test';

/** What axe finds in a page. Contrast and sizes need a real browser; names, roles, labels and structure do not. */
async function violations(page: string): Promise<string[]> {
  const dom = new JSDOM(page, { url: 'http://localhost/', runScripts: 'outside-only' });
  dom.window.eval(axe.source);
  const run = dom.window.eval(
    `axe.run(document, { rules: { 'color-contrast': { enabled: false }, 'target-size': { enabled: false } } })`,
  ) as Promise<axe.AxeResults>;
  // The page's arrays are of another realm, which deepEqual tells apart.
  const found = Array.from((await run).violations).map(
    (violation) =>
      `${violation.id}: ${Array.from(violation.nodes)
        .map((node) => node.html.slice(0, 120))
        .join(' | ')}`,
  );
  dom.window.close();
  return found;
}

describe('pages for people who listen or use a keyboard', () => {
  let databases: ShopDatabases;
  let server: TestServer;
  before(async () => {
    databases = await ShopDatabases.open();
    await databases.shop('13.4');
    await rows('UPDATE product_variants SET stock_quantity = 5, reserved_quantity = 0');
    await rows(`UPDATE product_variants SET color_name = 'Хаки' WHERE sku_identity_id = 1`);
    await rows(
      `INSERT INTO users (email, password, role, is_staff) VALUES ('admin@example.com', $1, 'admin', true)`,
      [await hashPassword(PASSWORD, 1000)],
    );
    await rows(`INSERT INTO import_sessions (import_type, status, report_details, warning_count) VALUES
      ('full', 'in_progress', '{"products": 1, "progress": {"phase": "goods", "bytes": 5, "bytesTotal": 10}}', 1)`);
    await rows(
      `INSERT INTO import_warnings (session_id, code, message) SELECT id, 'odd-date', 'odd' FROM import_sessions`,
    );
    server = await testServer('13.4');
  });
  after(async () => {
    await server.close();
    await databases.release();
  });

  it('has no violation on any page of the storefront, in both languages', async () => {
    const browser = new Browser(server);
    for (const language of ['ru', 'en']) {
      for (const url of [
        '/',
        '/catalog/?category=category-3',
        '/catalog/?q=nothing',
        '/product/good-1/',
        '/login/',
        '/cart/',
        '/product/unknown/',
      ]) {
        await browser.get(`${url}${url.includes('?') ? '&' : '?'}lang=${language}`);
        assert.deepEqual(await violations(browser.page), [], url);
      }
      await browser.get('/product/good-1/');
      await browser.post('/cart/', { sku_id: '1', quantity: '1', mode: 'add' });
      assert.deepEqual(await violations(browser.page), [], 'a full cart');
      await browser.get('/checkout/');
      assert.deepEqual(await violations(browser.page), [], 'checkout');
      const key = /name="idempotency_key" value="([^"]+)"/.exec(browser.page)?.[1] ?? '';
      await browser.post('/checkout/', {
        idempotency_key: key,
        customer_name: 'Анна',
        customer_phone: '+7999',
      });
      assert.match(browser.page, /FS-\w{16}/);
      assert.deepEqual(await violations(browser.page), [], 'an order');
    }
  });

  it('has none in the admin', async () => {
    const browser = new Browser(server);
    await browser.get('/admin/login/');
    assert.deepEqual(await violations(browser.page), []);
    await browser.post('/admin/login/', { email: 'admin@example.com', password: PASSWORD });
    assert.equal(browser.status, 200);
    for (const url of [
      '/admin/',
      '/admin/colors/',
      '/admin/colors/?saved',
      '/admin/imports/',
      '/admin/imports/1/',
      '/admin/products/',
      '/admin/imports/99/',
    ]) {
      await browser.get(url);
      assert.deepEqual(await violations(browser.page), [], url);
    }
  });

  it('can find a violation', async () => {
    assert.deepEqual(
      (
        await violations(
          '<!doctype html><html lang="ru"><title>t</title><main><h1>t</h1><img src="x"></main></html>',
        )
      ).map((text) => text.split(':')[0]),
      ['image-alt'],
    );
  });
});
