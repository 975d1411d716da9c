import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { hashPassword } from '../../src/users/password.ts';
import { rows, ShopDatabases } from '../support/shop-database.ts';
import { Browser, type TestServer, testServer } from '../support/test-server.ts';

const PASSWORD = 'long enough for a test';

describe('the admin', () => {
  let databases: ShopDatabases;
  let server: TestServer;
  let exchanges: string;
  before(async () => {
    databases = await ShopDatabases.open();
    await databases.shop('13.4');
    exchanges = mkdtempSync(path.join(tmpdir(), 'freesport-exchanges-'));
    mkdirSync(path.join(exchanges, 'night'));
    writeFileSync(path.join(exchanges, 'night', 'import.xml'), '');
    server = await testServer('13.4', { settings: { exchangeRoot: exchanges } });
    const hash = await hashPassword(PASSWORD, 1000);
    await rows(
      `INSERT INTO users (email, password, role, is_staff) VALUES ('admin@example.com', $1, 'admin', true),
      ('editor@example.com', $1, 'retail', true), ('customer@example.com', $1, 'retail', false)`,
      [hash],
    );
    await rows(`UPDATE product_variants SET color_name = 'Хаки' WHERE sku_identity_id IN (1, 2)`);
  });
  after(async () => {
    await server.close();
    rmSync(exchanges, { recursive: true });
    await databases.release();
  });

  const signedIn = async (email: string): Promise<Browser> => {
    const browser = new Browser(server);
    await browser.get('/admin/');
    assert.match(browser.page, /Вход \/ Sign in/);
    await browser.post('/admin/login/', { email, password: PASSWORD });
    return browser;
  };

  it('lets nobody in but employees', async () => {
    const customer = await signedIn('customer@example.com');
    assert.equal(customer.status, 403);
    const wrong = new Browser(server);
    await wrong.get('/admin/login/');
    await wrong.post('/admin/login/', { email: 'admin@example.com', password: 'wrong' });
    assert.equal(wrong.status, 403);
    for (const url of [
      '/admin/',
      '/admin/colors/',
      '/admin/imports/',
      '/admin/products/',
      '/admin/imports/1/',
    ]) {
      const response = await server.app.inject(url);
      assert.equal(response.headers.location, '/admin/login/', url);
    }
    const admin = await signedIn('admin@example.com');
    assert.equal(admin.status, 200);
    assert.match(admin.page, /<dt>Товары \/ Products<\/dt><dd>30<\/dd>/);
  });

  it('shows colours of 1C without a mapping and adds one with one click', async () => {
    const browser = await signedIn('editor@example.com');
    await browser.get('/admin/colors/');
    assert.match(browser.page, /Colours of 1C without a swatch \(1\)/);
    const form = /value="Хаки" readonly>[\s\S]*?type="color" value="(#\w{6})"/.exec(browser.page);
    assert.equal(form?.[1], '#806b2a', 'a guess to start from');
    await browser.post('/admin/colors/', { name: 'Хаки', hex_code: '#806b2a', swatch_image: '' });
    assert.match(browser.page, /without a swatch \(0\)/);
    assert.match(browser.page, /Сохранено/);
    const detail = (await server.app.inject('/api/products/good-1/')).json<{
      variants: { sku_id: number; color_hex: string }[];
    }>();
    assert.equal(detail.variants.find((variant) => variant.sku_id === 1)?.color_hex, '#806B2A');
    await browser.post('/admin/colors/', { name: 'ХАКИ', hex_code: '#000000' });
    assert.equal(browser.status, 409);
  });

  it('keeps base colours, changes and deletes others, and takes only colours', async () => {
    const browser = await signedIn('editor@example.com');
    const [base] = await rows<{ id: number }>(`SELECT id FROM color_mappings WHERE name = 'Белый'`);
    await browser.get('/admin/colors/');
    await browser.post(`/admin/colors/${base?.id}/`, { name: 'Снежный', hex_code: '#FFFFF0' });
    assert.deepEqual(await rows('SELECT name, hex_code FROM color_mappings WHERE id = $1', [base?.id]), [
      { name: 'Белый', hex_code: '#FFFFF0' },
    ]);
    await browser.post(`/admin/colors/${base?.id}/delete/`, {});
    assert.equal(browser.status, 409);
    await browser.get('/admin/colors/');
    await browser.post('/admin/colors/', { name: 'Мультиколор', hex_code: '#GRADIENT' });
    assert.equal(browser.status, 400);
    await browser.get('/admin/colors/');
    await browser.post('/admin/colors/', { name: 'Мята', hex_code: '#98ff98' });
    const [mint] = await rows<{ id: number }>(`SELECT id FROM color_mappings WHERE name = 'Мята'`);
    await browser.post(`/admin/colors/${mint?.id}/delete/`, {});
    assert.deepEqual(await rows(`SELECT 1 FROM color_mappings WHERE name = 'Мята'`), []);
  });

  it('takes no change without a token', async () => {
    const browser = await signedIn('admin@example.com');
    await browser.post('/admin/colors/', { name: 'Чужой', hex_code: '#111111' }, 'forged');
    assert.equal(browser.status, 403);
    assert.deepEqual(await rows(`SELECT 1 FROM color_mappings WHERE name = 'Чужой'`), []);
  });

  it('starts an import of a folder on offer, once, and only for administrators', async () => {
    const jobs = () =>
      rows(
        `SELECT payload FROM graphile_worker._private_jobs j JOIN graphile_worker._private_tasks t ON t.id = j.task_id WHERE t.identifier = 'import_products'`,
      );
    const editor = await signedIn('editor@example.com');
    await editor.get('/admin/imports/');
    assert.ok(!editor.page.includes('Запустить импорт'));
    await editor.get('/admin/colors/');
    await editor.post('/admin/imports/', { exchange: 'night' });
    assert.equal(editor.status, 403);
    const admin = await signedIn('admin@example.com');
    await admin.get('/admin/imports/');
    await admin.post('/admin/imports/', { exchange: '../../etc' });
    assert.equal(admin.status, 400);
    await admin.get('/admin/imports/');
    await admin.post('/admin/imports/', { exchange: 'night', full: '1' });
    await admin.post('/admin/imports/', { exchange: 'night', full: '1' });
    assert.deepEqual(await jobs(), [{ payload: { directory: path.join(exchanges, 'night'), full: true } }]);
    assert.match(admin.page, /Queued: 1/);
  });

  it('shows an import with its counts and warnings, and products with their variants', async () => {
    const [session] = await rows<{ id: number }>(
      `INSERT INTO import_sessions (import_type, status, report_details, warning_count, exchange_dir, finished_at)
       VALUES ('full', 'completed', '{"products": 30, "variants": 119, "counters": {"brands": 10}}', 2, '/var/1c', now()) RETURNING id`,
    );
    await rows(
      `INSERT INTO import_warnings (session_id, code, subject, file, byte_offset, message) VALUES
      ($1, 'orphan-offer', 'x#y', 'offers.xml', 12, '<b>no such good</b>'), ($1, 'odd-date', NULL, NULL, NULL, 'odd')`,
      [session?.id],
    );
    const admin = await signedIn('admin@example.com');
    await admin.get(`/admin/imports/${session?.id}/`);
    assert.match(admin.page, /<dt>counters\.brands<\/dt><dd>10<\/dd>/);
    assert.match(admin.page, /orphan-offer \(1\)/);
    assert.match(admin.page, /&lt;b&gt;no such good/);
    await admin.get(`/admin/imports/${session?.id}/?code=odd-date`);
    assert.ok(!admin.page.includes('no such good'));
    await admin.get('/admin/products/?q=FS-0000005');
    assert.equal([...admin.page.matchAll(/<details/g)].length, 1);
    assert.match(admin.page, /<th scope="row">FS-0000005/);
  });

  it('limits how often one address may try to sign in', async () => {
    const limited = await testServer('13.4');
    const browser = new Browser(limited);
    await browser.get('/admin/login/');
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 11; attempt += 1) {
      await browser.post('/admin/login/', { email: 'admin@example.com', password: 'guess' });
      statuses.push(browser.status);
    }
    assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 403), 429]);
    await limited.close();
  });

  it('is not part of 13.3', async () => {
    const old = await testServer('13.3');
    assert.equal((await old.app.inject('/admin/login/')).statusCode, 404);
    await old.close();
  });
});
