import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { accessibilityProblems, keepScreenshot, openBrowser, type TestBrowser } from 'browser-test';
import { hashPassword } from '../../src/users/password.ts';
import { rows } from '../support/shop-database.ts';
import { type ListeningShop, listeningShop } from './listening-shop.ts';

const PASSWORD = 'long enough for a test';

let chromium: TestBrowser;
let shop: ListeningShop;
let exchanges = '';
before(async () => {
  chromium = await openBrowser();
  exchanges = mkdtempSync(path.join(tmpdir(), 'freesport-exchanges-'));
  mkdirSync(path.join(exchanges, 'night'));
  writeFileSync(path.join(exchanges, 'night', 'import.xml'), '');
  shop = await listeningShop({ exchangeRoot: exchanges });
  await rows(
    `INSERT INTO users (email, password, role, is_staff) VALUES ('admin@example.com', $1, 'admin', true)`,
    [await hashPassword(PASSWORD, 1000)],
  );
  await rows(`UPDATE product_variants SET color_name = 'Морская волна' WHERE sku_identity_id IN (1, 2)`);
  await rows(`INSERT INTO import_sessions (import_type, status, report_details, warning_count) VALUES
    ('full', 'in_progress', '{"products": 812, "variants": 3604, "progress": {"phase": "prices", "bytes": 5, "bytesTotal": 10}}', 1)`);
  await rows(
    `INSERT INTO import_warnings (session_id, code, message) SELECT id, 'odd-date', 'a date of 1C' FROM import_sessions`,
  );
});
after(async () => {
  await chromium.close();
  await shop.close();
  rmSync(exchanges, { recursive: true });
});

describe('the admin in a browser', () => {
  it('lets an employee in, shows a live swatch, and adds a colour of 1C with one click', async () => {
    const { page, faults } = await chromium.visit();
    await page.goto(`${shop.origin}/admin/`);
    assert.match(page.url(), /\/admin\/login\/$/);
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.locator('input[name=email]').fill('admin@example.com');
    await page.locator('input[name=password]').fill(PASSWORD);
    await keepScreenshot(page, 'admin-login');
    await page.getByRole('button', { name: 'Войти' }).click();
    await page.goto(`${shop.origin}/admin/colors/`);
    assert.deepEqual(await accessibilityProblems(page), []);
    const form = page.locator('form', { has: page.locator('input[name=name][value="Морская волна"]') });
    await form.locator('input[type=color]').fill('#2e8b8b');
    assert.equal(
      await form.locator('svg.swatch circle').getAttribute('fill'),
      '#2e8b8b',
      'the swatch follows',
    );
    await keepScreenshot(page, 'admin-colours');
    await form.getByRole('button', { name: 'Добавить' }).click();
    await page.getByRole('heading', { name: 'without a swatch (0)' }).waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
    const [mapping] = await rows(`SELECT hex_code FROM color_mappings WHERE name = 'Морская волна'`);
    assert.deepEqual(mapping, { hex_code: '#2E8B8B' });
    assert.deepEqual(faults, []);
  });

  it('shows an import while it goes on, and no violation on any page', async () => {
    const { page, faults } = await chromium.visit();
    await page.goto(`${shop.origin}/admin/login/`);
    await page.locator('input[name=email]').fill('admin@example.com');
    await page.locator('input[name=password]').fill(PASSWORD);
    await page.getByRole('button', { name: 'Войти' }).click();
    for (const place of ['', 'imports/', 'imports/1/', 'products/']) {
      await page.goto(`${shop.origin}/admin/${place}`);
      assert.deepEqual(await accessibilityProblems(page), [], place);
      await keepScreenshot(page, `admin-${place.replaceAll('/', '-') || 'home'}`);
    }
    await page.goto(`${shop.origin}/admin/imports/1/`);
    const text = (await page.locator('main').textContent()) ?? '';
    for (const part of ['812', '3604', 'odd-date', 'a date of 1C']) assert.ok(text.includes(part), part);
    assert.equal(await page.getByRole('progressbar').count(), 1);
    assert.deepEqual(faults, []);
  });
});
