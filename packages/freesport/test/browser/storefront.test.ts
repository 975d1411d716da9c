import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  accessibilityProblems,
  keepScreenshot,
  openBrowser,
  type TestBrowser,
  transferredBytes,
} from 'browser-test';
import { rows } from '../support/shop-database.ts';
import { addHundredVariants, type ListeningShop, listeningShop } from './listening-shop.ts';

const BUDGET_BYTES = 60 * 1024;

let chromium: TestBrowser;
let shop: ListeningShop;
let product = '';
before(async () => {
  chromium = await openBrowser();
  shop = await listeningShop();
  product = `${shop.origin}${await addHundredVariants()}`;
});
after(async () => {
  await chromium.close();
  await shop.close();
});

describe('the storefront in a browser', () => {
  it('sells the variant that was chosen by its chips, from the product to the order', async () => {
    const { page, faults } = await chromium.visit({ locale: 'ru-RU' });
    await page.goto(product);
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.getByRole('radio', { name: 'Красный' }).check();
    await page.getByRole('radio', { name: '44', exact: true }).check();
    // The twenty-ninth variant: third colour, ninth size.
    await page.locator('#offer-sku', { hasText: 'H-28' }).waitFor();
    assert.match((await page.locator('#offer-price').textContent()) ?? '', /5\s018/);
    assert.equal(
      await page.getByRole('radio', { name: '45', exact: true }).isDisabled(),
      true,
      'sold out in red',
    );
    await keepScreenshot(page, 'storefront-product');
    await page.getByRole('button', { name: 'В корзину' }).click();
    await page.getByRole('heading', { name: 'Корзина' }).waitFor();
    assert.match((await page.locator('main').textContent()) ?? '', /H-28/);
    assert.deepEqual(await accessibilityProblems(page), []);
    await keepScreenshot(page, 'storefront-cart');
    await page.getByRole('link', { name: 'Оформить' }).click();
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.locator('#c-name').fill('Анна Ким');
    await page.locator('#c-phone').fill('+7 999 000-00-00');
    await keepScreenshot(page, 'storefront-checkout');
    await page.locator('form.stacked button').click();
    await page.locator('.notice', { hasText: 'Спасибо' }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    await keepScreenshot(page, 'storefront-order');
    const [line] = await rows<{ sku: string; price: string }>(
      `SELECT s.sku, i.unit_price::text AS price FROM order_items i JOIN sku_identities s ON s.id = i.product_id
       ORDER BY i.id DESC LIMIT 1`,
    );
    assert.deepEqual(line, { sku: 'H-28', price: '5018.00' });
    assert.deepEqual(faults, []);
  });

  it('chooses a variant with the keyboard alone', async () => {
    const { page } = await chromium.visit({ locale: 'en-GB' });
    await page.goto(product);
    await page.getByRole('radio', { checked: true }).first().focus();
    const before = await page.locator('#offer-sku').textContent();
    await page.keyboard.press('ArrowDown');
    await page
      .locator('#offer-sku')
      .filter({ hasNotText: before ?? '' })
      .waitFor();
    assert.notEqual(await page.locator('#offer-sku').textContent(), before);
  });

  it('can be read, searched and chosen from without a script', async () => {
    const { page, faults } = await chromium.visit({ javaScriptEnabled: false, locale: 'ru-RU' });
    await page.goto(`${shop.origin}/`);
    await page.getByRole('heading', { name: 'Каталог' }).waitFor();
    await page.goto(`${product}?color=Синий&size=40`);
    assert.equal(await page.locator('#offer-sku').textContent(), 'H-34');
    await page.getByRole('radio', { name: 'Зеленый' }).check();
    await page.locator('.without-script').click();
    assert.match((await page.locator('#offer-sku').textContent()) ?? '', /^H-4\d$/);
    await keepScreenshot(page, 'storefront-without-script');
    assert.deepEqual(faults, []);
  });

  it('has no violation on a list, a telephone, in the dark and in English', async () => {
    for (const [name, options] of [
      ['list', {}],
      ['narrow', { viewport: { width: 360, height: 740 } }],
      ['dark', { colorScheme: 'dark' as const }],
    ] as const) {
      const { page } = await chromium.visit({ locale: 'en-GB', ...options });
      for (const path of [
        '/',
        '/catalog/?q=nothing+like+it',
        '/product/hundred/',
        '/login/',
        '/product/unknown/',
      ]) {
        await page.goto(`${shop.origin}${path}`);
        assert.deepEqual(await accessibilityProblems(page), [], `${name} ${path}`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(overflow <= 0, `${name} ${path}: ${overflow} px too wide`);
      }
      await page.goto(`${shop.origin}/`);
      await keepScreenshot(page, `storefront-${name}`);
    }
  });

  it('shows the sum of a line and the total of a cart on a telephone', async () => {
    const { page } = await chromium.visit({ locale: 'en-GB', viewport: { width: 320, height: 640 } });
    await page.goto(product);
    await page.getByRole('button', { name: 'Add to cart' }).click();
    await page.getByRole('heading', { name: 'Cart', exact: true }).waitFor();
    const total = page.locator('tfoot strong');
    for (const seen of [
      total,
      page.locator('td[data-label="Sum"]'),
      page.getByRole('button', { name: 'Update' }),
    ]) {
      const box = await seen.boundingBox();
      assert.ok(box !== null && box.x >= 0 && box.x + box.width <= 320, JSON.stringify(box));
    }
    assert.deepEqual(await accessibilityProblems(page), []);
    await keepScreenshot(page, 'storefront-narrow-cart');
  });

  it('loads at most 60 KB of script and style for a product with 100 variants', async () => {
    const { page } = await chromium.visit();
    const sizes = await transferredBytes(page, product);
    const loaded = (sizes.script ?? 0) + (sizes.stylesheet ?? 0);
    process.stderr.write(
      `product page with 100 variants: ${loaded} bytes of script and style, document ${sizes.document}\n`,
    );
    assert.ok(loaded > 1000, 'nothing was measured');
    assert.ok(loaded <= BUDGET_BYTES, `${loaded} bytes`);
  });
});
