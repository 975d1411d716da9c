import type { HttpExpectation, HttpRequest, SmokeProbe } from 'roundtrip';
import type { ShopCommands } from './shop-commands.ts';

/** A read and a write through the front door, for the proof that maintenance is really on, or really off. */
export function frontDoor({ baseUrl }: ShopCommands): {
  readonly read: { readonly request: HttpRequest; readonly open: HttpExpectation };
  readonly write: { readonly request: HttpRequest; readonly open: HttpExpectation };
} {
  return {
    read: { request: { url: `${baseUrl}/api/products/` }, open: { status: 200 } },
    // A write that leaves no row behind: the cart of a visitor who has none is emptied.
    write: { request: { method: 'DELETE', url: `${baseUrl}/api/cart/` }, open: { status: 200 } },
  };
}

/** Answers under maintenance as well: the schema is the release's and the database lets it in. */
export function readinessProbe({ baseUrl }: ShopCommands): SmokeProbe {
  return { name: 'ready', request: { url: `${baseUrl}/api/health/ready/` }, expect: { status: 200 } };
}

/** The story's smoke tests: list, product with variants, categories. */
export function storyProbes({ baseUrl }: ShopCommands): readonly SmokeProbe[] {
  const fast = { latencyMsMax: 500 };
  return [
    {
      name: 'GET /products/',
      request: { url: `${baseUrl}/api/products/` },
      expect: {
        status: 200,
        ...fast,
        checks: [
          { path: 'count', is: '>=', value: 1 },
          { path: 'results.0.slug', is: 'non-empty' },
        ],
      },
    },
    {
      name: 'GET /products/{slug}/ with variants',
      request: { url: `${baseUrl}/api/products/{GET /products/:results.0.slug}/` },
      expect: { status: 200, ...fast, checks: [{ path: 'variants.length', is: '>=', value: 1 }] },
    },
    {
      name: 'GET /categories/',
      request: { url: `${baseUrl}/api/categories/` },
      expect: { status: 200, ...fast },
    },
  ];
}

/** What the previous release must answer once production has gone back to it. */
export function afterRollbackProbes({ baseUrl }: ShopCommands): readonly SmokeProbe[] {
  return [
    {
      name: 'ready',
      request: { url: `${baseUrl}/api/health/ready/` },
      expect: { status: 200, checks: [{ path: 'release', is: '=', value: '13.3' }] },
    },
    {
      name: 'list',
      request: { url: `${baseUrl}/api/products/` },
      expect: { status: 200, checks: [{ path: 'count', is: '>=', value: 1 }] },
    },
    { name: 'categories', request: { url: `${baseUrl}/api/categories/` }, expect: { status: 200 } },
  ];
}
