import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { JSDOM } from 'jsdom';
import { rows, ShopDatabases } from '../support/shop-database.ts';
import { type TestServer, testServer } from '../support/test-server.ts';

const script = readFileSync(new URL('../../src/storefront/assets/storefront.js', import.meta.url), 'utf8');

describe('the script of the product page', () => {
  let databases: ShopDatabases;
  let server: TestServer;
  before(async () => {
    databases = await ShopDatabases.open();
    await databases.shop('13.4');
    await rows('UPDATE product_variants SET stock_quantity = 5, reserved_quantity = 0');
    await rows(
      `UPDATE product_variants SET color_name = 'Синий', size_value = '40' WHERE sku_identity_id = 1`,
    );
    await rows(
      `UPDATE product_variants SET color_name = 'Синий', size_value = '41', stock_quantity = 0 WHERE sku_identity_id = 2`,
    );
    await rows(
      `UPDATE product_variants SET color_name = 'Красный', size_value = '41', retail_price = 777 WHERE sku_identity_id = 3`,
    );
    await rows(
      `UPDATE product_variants SET color_name = 'Красный', size_value = '41', retail_price = 888 WHERE sku_identity_id = 4`,
    );
    server = await testServer('13.4');
  });
  after(async () => {
    await server.close();
    await databases.release();
  });

  const open = async (url: string): Promise<JSDOM> => {
    const { body } = await server.app.inject(url);
    const dom = new JSDOM(body, { url: `http://localhost${url}`, runScripts: 'outside-only' });
    dom.window.eval(script);
    return dom;
  };
  const state = ({ window }: JSDOM) => {
    const { document } = window;
    const radios = (name: string) =>
      [...document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`)].map(
        (radio) => `${radio.value}${radio.checked ? '*' : ''}${radio.disabled ? '-' : ''}`,
      );
    return {
      colors: radios('color'),
      sizes: radios('size'),
      skuId: document.querySelector<HTMLInputElement>('#sku-id')?.value,
      price: document.querySelector('#offer-price')?.textContent?.replaceAll(/\s/g, ' '),
      stock: document.querySelector('#offer-stock')?.textContent,
      buyable: !document.querySelector<HTMLButtonElement>('#buy')?.disabled,
      image: document.querySelector('#gallery img')?.getAttribute('src'),
      others: document.querySelector<HTMLElement>('#other-variants')?.hidden
        ? []
        : [...document.querySelectorAll<HTMLOptionElement>('#other-sku option')].map(
            (option) => option.value,
          ),
    };
  };
  const pick = (dom: JSDOM, name: string, value: string): void => {
    const radio = [...dom.window.document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`)].find(
      (candidate) => candidate.value === value,
    );
    assert.ok(radio);
    radio.checked = true;
    radio.dispatchEvent(new dom.window.Event('change', { bubbles: true }));
  };

  it('shows after each choice exactly what the server shows for it', async () => {
    const dom = await open('/product/good-1/?sku=1');
    assert.deepEqual(state(dom).sizes, ['40*', '41-'], 'sold out in blue');
    pick(dom, 'color', 'Красный');
    const red = state(dom);
    assert.equal(red.skuId, '3');
    assert.equal(red.image, '/media/variants/3.jpg', 'the gallery follows the colour');
    assert.deepEqual(red.others, ['3', '4'], 'variants of one colour and size are told apart by name');
    assert.equal(dom.window.location.search, '?sku=3');
    const { color: _color, ...served } = { ...state(await open('/product/good-1/?sku=3')), color: undefined };
    assert.deepEqual(red, served);

    const select = dom.window.document.querySelector<HTMLSelectElement>('#other-sku');
    assert.ok(select);
    select.value = '4';
    select.dispatchEvent(new dom.window.Event('change', { bubbles: true }));
    assert.deepEqual(state(dom), state(await open('/product/good-1/?sku=4')));

    pick(dom, 'color', 'Синий');
    assert.deepEqual(state(dom), state(await open('/product/good-1/?sku=1')));
    dom.window.close();
  });
});
