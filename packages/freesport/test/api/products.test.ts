import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ListedProduct, ProductDetail } from '../../src/catalogue/catalogue.ts';
import { hashPassword } from '../../src/users/password.ts';
import { rows, ShopDatabases } from '../support/shop-database.ts';
import { cookiesOf, type TestServer, testServer } from '../support/test-server.ts';

interface Page {
  readonly count: number;
  readonly next: string | null;
  readonly previous: string | null;
  readonly results: readonly ListedProduct[];
}

describe('GET /api/products/', () => {
  let databases: ShopDatabases;
  let legacy: TestServer;
  let variants: TestServer;
  let variantsDatabase: string;

  before(async () => {
    databases = await ShopDatabases.open();
    await databases.shop('13.3');
    legacy = await testServer('13.3');
    variantsDatabase = await databases.shop('13.4');
    variants = await testServer('13.4');
  });
  after(async () => {
    await legacy.close();
    await variants.close();
    await databases.release();
  });

  const get = async <T>(
    server: TestServer,
    url: string,
    cookies: Record<string, string> = {},
  ): Promise<T> => {
    const response = await server.app.inject({ url, cookies });
    assert.equal(response.statusCode, 200, response.body);
    return response.json<T>();
  };

  it('has the same schema in both releases, as documented and as sent', async () => {
    const documented = await Promise.all(
      [legacy, variants].map(async (server) => {
        const document = await get<{ paths: Record<string, { get: { responses: { 200: unknown } } }> }>(
          server,
          '/api/openapi.json',
        );
        return ['/api/products/', '/api/categories/'].map((path) => document.paths[path]?.get.responses[200]);
      }),
    );
    assert.ok(documented[0]?.every((schema) => schema !== undefined));
    assert.deepEqual(documented[0], documented[1]);
    const shape = (page: Page): string[] => Object.keys(page.results[0] ?? {});
    assert.deepEqual(
      shape(await get<Page>(legacy, '/api/products/')),
      shape(await get<Page>(variants, '/api/products/')),
    );
  });

  it('has a row for every SKU in 13.3 and for every good in 13.4', async () => {
    assert.equal((await get<Page>(legacy, '/api/products/')).count, 120);
    assert.equal((await get<Page>(variants, '/api/products/')).count, 30);
  });

  it('pages through everything once, and says 404 past the end', async () => {
    const seen: number[] = [];
    for (let url: string | null = '/api/products/?page_size=7'; url !== null; ) {
      const page: Page = await get<Page>(variants, url);
      seen.push(...page.results.map((product) => product.id));
      url = page.next;
    }
    assert.equal(seen.length, 30);
    assert.equal(new Set(seen).size, 30);
    assert.equal((await variants.app.inject('/api/products/?page=99')).statusCode, 404);
    assert.equal((await variants.app.inject('/api/products/?page=0')).statusCode, 400);
    assert.equal((await variants.app.inject('/api/products/?min_price=1e9')).statusCode, 400);
  });

  for (const [name, server] of [
    ['13.3', () => legacy],
    ['13.4', () => variants],
  ] as const) {
    it(`filters by subtree, brand, text and price in ${name}`, async () => {
      const all = await get<Page>(server(), '/api/products/?page_size=100');
      const first = all.results[0];
      assert.ok(first?.brand);
      const inCategory = await get<Page>(
        server(),
        `/api/products/?page_size=100&category=${first.category.slug}`,
      );
      assert.ok(inCategory.count > 0 && inCategory.count < all.count);
      assert.ok(inCategory.results.every((product) => product.category.id === first.category.id));
      assert.equal(
        (await get<Page>(server(), '/api/products/?category=sport')).count,
        all.count,
        'a root lists its subtree',
      );
      assert.equal((await get<Page>(server(), '/api/products/?category=unknown')).count, 0);
      const byBrand = await get<Page>(server(), `/api/products/?page_size=100&brand=${first.brand.slug}`);
      assert.ok(
        byBrand.count > 0 && byBrand.results.every((product) => product.brand?.id === first.brand?.id),
      );
      const byText = await get<Page>(server(), `/api/products/?q=${encodeURIComponent('ФУТБОЛ')}`);
      assert.ok(byText.count > 0 && byText.results.every((product) => product.name.startsWith('Футболка')));
      assert.equal(
        (await get<Page>(server(), '/api/products/?q=%25')).count,
        0,
        'a per cent sign is a letter',
      );
      const limit = Number(first.price);
      const cheap = await get<Page>(server(), `/api/products/?page_size=100&max_price=${limit}`);
      assert.ok(cheap.results.every((product) => Number(product.price) <= limit));
      const dear = await get<Page>(server(), `/api/products/?page_size=100&min_price=${limit + 0.01}`);
      // A product of 13.4 is in both where its variants lie on both sides.
      const variantsOnBothSides = cheap.results.filter((product) =>
        dear.results.some((other) => other.id === product.id),
      );
      assert.equal(cheap.count + dear.count - variantsOnBothSides.length, all.count);
    });
  }

  it('gains variants in 13.4, never an empty list; 13.3 has none', async () => {
    const [listed] = (await get<Page>(legacy, '/api/products/')).results;
    const old = await get<ProductDetail>(legacy, `/api/products/${listed?.slug}/`);
    assert.equal('variants' in old, false);
    const page = await get<Page>(variants, '/api/products/?page_size=100');
    for (const product of page.results) {
      const detail = await get<ProductDetail>(variants, `/api/products/${product.slug}/`);
      assert.ok((detail.variants?.length ?? 0) > 0);
      const { variants: own, ...rest } = detail;
      for (const [key, value] of Object.entries(product))
        assert.deepEqual(rest[key as keyof typeof rest], value);
      assert.ok(own?.some((variant) => variant.sku_id === product.sku_id));
      assert.equal(
        product.stock_quantity,
        own?.reduce((sum, variant) => sum + variant.stock_quantity, 0),
      );
      assert.equal(
        product.price,
        own?.map((variant) => variant.price).sort((a, b) => Number(a) - Number(b))[0],
      );
    }
    assert.deepEqual(
      Object.keys(old),
      Object.keys(await get<object>(variants, `/api/products/${page.results[0]?.slug}/`)).slice(0, -1),
    );
  });

  it('shows a colour by its mapping whatever the spelling, and without one by name', async () => {
    databases.use(variantsDatabase);
    await rows(`UPDATE product_variants SET color_name = 'чёрный' WHERE sku_identity_id = 1`);
    await rows(`UPDATE product_variants SET color_name = 'Серо-буро-малиновый' WHERE sku_identity_id = 2`);
    const fresh = await testServer('13.4');
    const { variants: own } = await get<ProductDetail>(fresh, '/api/products/good-1/');
    await fresh.close();
    assert.equal(own?.find((variant) => variant.sku_id === 1)?.color_hex, '#000000');
    assert.equal(own?.find((variant) => variant.sku_id === 2)?.color_hex, null);
  });

  it('prices by role with fallback to retail', async () => {
    databases.use(variantsDatabase);
    await rows(`UPDATE product_variants SET opt1_price = NULL WHERE sku_identity_id = 6`);
    await rows(`UPDATE product_variants SET opt1_price = 0 WHERE sku_identity_id = 7`);
    await rows(
      `INSERT INTO users (email, password, role) VALUES ('opt@example.com', $1, 'wholesale_level1')`,
      [await hashPassword('wholesale', 1000)],
    );
    const fresh = await testServer('13.4');
    const login = (password: string) =>
      fresh.app.inject({
        method: 'POST',
        url: '/api/auth/login/',
        payload: { email: 'OPT@example.com', password },
      });
    assert.equal((await login('wrong')).statusCode, 403);
    const cookies = cookiesOf(await login('wholesale'));
    const prices = async (jar: Record<string, string>): Promise<(string | null | undefined)[]> => {
      const { variants: own } = await get<ProductDetail>(fresh, '/api/products/good-5/', jar);
      return [5, 6, 7].map((id) => own?.find((variant) => variant.sku_id === id)?.price);
    };
    assert.deepEqual(await prices({}), ['1005.00', '1006.00', '1007.00']);
    assert.deepEqual(await prices(cookies), ['905.00', '1006.00', '1007.00']);
    assert.deepEqual(await prices({ freesport_user: '1.9999999999.forged' }), [
      '1005.00',
      '1006.00',
      '1007.00',
    ]);
    await fresh.close();
  });

  it('reads a page and its count in two statements, however long the page', async () => {
    databases.use(variantsDatabase);
    const server = await testServer('13.4');
    let statements = 0;
    const query = server.database.query.bind(server.database);
    server.database.query = async (...argv: Parameters<typeof query>) => {
      statements += 1;
      return (await query(...argv)) as never;
    };
    await get<Page>(server, '/api/products/?page_size=100');
    assert.equal(statements, 2);
    await get<ProductDetail>(server, '/api/products/good-9/');
    assert.equal(statements, 4);
    await server.close();
  });
});
