import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { hashPassword } from '../../src/users/password.ts';
import { rows, ShopDatabases } from '../support/shop-database.ts';
import { Browser, type TestServer, testServer } from '../support/test-server.ts';

for (const version of ['13.3', '13.4'] as const) {
  describe(`the storefront of ${version}, without a script`, () => {
    let databases: ShopDatabases;
    let server: TestServer;
    const slug = version === '13.3' ? 'sku-5' : 'good-5';
    before(async () => {
      databases = await ShopDatabases.open();
      await databases.shop(version);
      await rows(
        `UPDATE ${version === '13.3' ? 'products' : 'product_variants'} SET stock_quantity = 50, reserved_quantity = 0`,
      );
      server = await testServer(version);
    });
    after(async () => {
      await server.close();
      await databases.release();
    });

    it('lists, filters and pages', async () => {
      const browser = new Browser(server);
      assert.match(await browser.get('/'), /<h1 id="heading">Каталог<\/h1>/);
      assert.match(browser.page, /rel="next" href="\/catalog\/\?page=2"/);
      await browser.get('/catalog/?page=2');
      assert.match(browser.page, /rel="prev" href="\/catalog\/"/);
      await browser.get('/catalog/?category=category-3');
      assert.match(browser.page, /<h1 id="heading">Футболка<\/h1>/);
      assert.ok(!browser.page.includes('Гантель 6'));
      await browser.get(
        '/catalog/?q=%D0%BD%D0%B5%D1%82+%D1%82%D0%B0%D0%BA%D0%BE%D0%B3%D0%BE&min_price=abc&page=-1',
      );
      assert.equal(browser.status, 200);
      assert.match(browser.page, /Ничего не нашлось/);
    });

    it('sells: product, cart, checkout, order', async () => {
      const browser = new Browser(server);
      await browser.get(`/product/${slug}/`);
      assert.equal(browser.status, 200);
      const skuId = /name="sku_id" id="sku-id" value="(\d+)"/.exec(browser.page)?.[1] ?? '';
      await browser.post('/cart/', { sku_id: skuId, quantity: '2', mode: 'add' });
      assert.match(browser.page, /id="cart-count">2</);
      await browser.post('/cart/', { sku_id: skuId, quantity: '3', mode: 'set' });
      assert.match(browser.page, /id="cart-count">3</);
      await browser.get('/checkout/');
      const key = /name="idempotency_key" value="([^"]+)"/.exec(browser.page)?.[1] ?? '';
      const form = {
        idempotency_key: key,
        customer_name: '<Анна>',
        customer_phone: '+79990000000',
        customer_email: 'anna@example.com',
      };
      const csrf = browser.csrf();
      await browser.post('/checkout/', form);
      assert.match(browser.page, /Спасибо! Заказ принят/);
      const number = /Заказ (FS-\w{16})/.exec(browser.page)?.[1];
      await browser.post('/checkout/', form, csrf);
      assert.equal(/Заказ (FS-\w{16})/.exec(browser.page)?.[1], number, 'a double click is one order');
      assert.deepEqual(
        await rows(
          'SELECT customer_name, (SELECT sum(quantity)::int FROM order_items i WHERE i.order_id = o.id) AS pieces FROM orders o WHERE order_number = $1',
          [number],
        ),
        [{ customer_name: '<Анна>', pieces: 3 }],
      );
      const stranger = new Browser(server);
      await stranger.get(`/orders/${number}/`);
      assert.equal(stranger.status, 404);
    });

    it('speaks English on request and remembers it', async () => {
      const browser = new Browser(server);
      assert.match(
        await browser.get('/catalog/', { 'accept-language': 'de, en;q=0.9, ru;q=0.5' }),
        /<html lang="en">/,
      );
      await browser.get('/catalog/?lang=ru');
      assert.match(await browser.get(`/product/${slug}/`, { 'accept-language': 'en' }), /<html lang="ru">/);
      assert.match(await browser.get('/cart/?lang=en'), /The cart is empty/);
      assert.match(await browser.get('/nowhere-in-the-shop/'), /not-found/);
      await browser.get('/product/unknown/');
      assert.equal(browser.status, 404);
      assert.match(browser.page, /Page not found/);
    });

    it('keeps what was collected before signing in', async () => {
      await rows(`INSERT INTO users (email, password) VALUES ('anna@example.com', $1)`, [
        await hashPassword('before and after', 1000),
      ]);
      const browser = new Browser(server);
      await browser.get(`/product/${slug}/`);
      await browser.post('/cart/', { sku_id: '5', quantity: '2', mode: 'add' });
      await browser.get('/login/');
      await browser.post('/login/', { email: 'anna@example.com', password: 'wrong' });
      assert.equal(browser.status, 403);
      await browser.post('/login/', { email: 'anna@example.com', password: 'before and after' });
      assert.match(browser.page, /id="cart-count">2</);
      await browser.post('/logout/', {});
      assert.match(browser.page, /id="cart-count">0</);
      await browser.get('/login/');
      await browser.post('/login/', { email: 'anna@example.com', password: 'before and after' });
      assert.match(browser.page, /id="cart-count">2</, 'adopted once');
    });

    it('takes no form without its token', async () => {
      const browser = new Browser(server);
      await browser.get(`/product/${slug}/`);
      await browser.post('/cart/', { sku_id: '5', quantity: '1' }, 'forged');
      assert.equal(browser.status, 403);
      const api = await server.app.inject({
        method: 'POST',
        url: '/api/cart/',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: 'sku_id=5&quantity=1',
      });
      assert.equal(api.statusCode, 415, 'the API takes JSON only, which no form of another site can send');
    });
  });
}

describe('the product page of 13.4', () => {
  let databases: ShopDatabases;
  let server: TestServer;
  before(async () => {
    databases = await ShopDatabases.open();
    await databases.shop('13.4');
    server = await testServer('13.4');
    await rows(
      `UPDATE product_variants SET stock_quantity = 5, reserved_quantity = 0 WHERE product_id = (SELECT id FROM products WHERE slug = 'good-1')`,
    );
    await rows(
      `UPDATE product_variants SET color_name = 'Чёрный', size_value = '40' WHERE sku_identity_id = 1`,
    );
    await rows(
      `UPDATE product_variants SET color_name = 'Чёрный', size_value = '41', stock_quantity = 0 WHERE sku_identity_id = 2`,
    );
    await rows(
      `UPDATE product_variants SET color_name = '<b>Кислотный</b>', size_value = '41' WHERE sku_identity_id = 3`,
    );
  });
  after(async () => {
    await server.close();
    await databases.release();
  });

  it('shows colours as swatches or as text, and disables what cannot be bought', async () => {
    const browser = new Browser(server);
    await browser.get(`/product/good-1/?color=${encodeURIComponent('Чёрный')}&size=40`);
    assert.match(browser.page, /role="radiogroup" aria-labelledby="legend-color"/);
    assert.match(
      browser.page,
      /value="Чёрный" checked><label[^>]*><svg class="swatch"[^>]*><circle[^>]* fill="#000000"/,
    );
    assert.match(browser.page, /<label for="color-\d">&lt;b&gt;Кислотный&lt;\/b&gt;<\/label>/);
    assert.match(browser.page, /name="size" value="40" checked>/);
    assert.match(browser.page, /name="size" value="41" disabled>/);
    assert.match(browser.page, /id="sku-id" value="1"/);
    assert.match(browser.page, /<img src="\/media\/variants\/1\.jpg"/);
    await browser.get(`/product/good-1/?color=${encodeURIComponent('<b>Кислотный</b>')}`);
    assert.match(browser.page, /id="sku-id" value="3"/);
    assert.match(browser.page, /<img src="\/media\/variants\/3\.jpg"/);
    assert.ok(!browser.page.includes('<b>Кислотный'), 'nothing of 1C is markup');
  });

  it('allows no script and style but its own, and keeps them small', async () => {
    const response = await server.app.inject('/product/good-1/');
    assert.match(
      String(response.headers['content-security-policy']),
      /default-src 'none'; script-src 'self'/,
    );
    assert.ok(!/ style="|<style|onclick=/.test(response.body));
    const assets = [...response.body.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(
      (match) => match[1] ?? '',
    );
    assert.equal(assets.length, 2);
    let bytes = 0;
    for (const url of assets) {
      const asset = await server.app.inject(url);
      assert.equal(asset.statusCode, 200);
      assert.match(String(asset.headers['cache-control']), /immutable/);
      bytes += asset.rawPayload.length;
    }
    assert.ok(bytes <= 60 * 1024, `${bytes} bytes of script and style`);
  });

  it('has a placeholder for pictures that 1C has not sent', async () => {
    const missing = await server.app.inject('/media/variants/1.jpg');
    assert.equal(missing.statusCode, 404);
    assert.equal(missing.headers['content-type'], 'image/svg+xml');
  });
});
