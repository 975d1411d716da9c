import type { FastifyInstance } from 'fastify';
import { ShopError } from '../errors.ts';
import { html } from '../html/html.ts';
import type { Admin } from './admin.ts';
import { colorMappings, deleteColorMapping, saveColorMapping, unmappedColors } from './color-mappings.ts';
import { colorsPage } from './colors-page.ts';
import {
  importSession,
  importSessions,
  importWarnings,
  queuedImports,
  warningCounts,
} from './import-sessions.ts';
import { importPage, importsPage, isRunning } from './imports-page.ts';
import { demand } from './permission.ts';
import { adminProducts } from './products.ts';
import { productsPage } from './products-page.ts';
import { availableExchanges, startImport } from './start-import.ts';

const PAGE_SIZE = 25;
const WARNINGS_PAGE_SIZE = 100;
const SESSIONS_MAX = 100;
const REFRESH_S = 2;
const hide = { schema: { hide: true } };
const idParams = { type: 'object', properties: { id: { type: 'integer', minimum: 1 } } } as const;
const colorBody = {
  type: 'object',
  required: ['name', 'hex_code'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 100 },
    hex_code: { type: 'string', pattern: '^#[0-9A-Fa-f]{6}$' },
    swatch_image: { type: 'string', maxLength: 100, default: '' },
  },
} as const;

interface ColorForm {
  readonly name: string;
  readonly hex_code: string;
  readonly swatch_image: string;
}

/**
 * The pages behind the sign-in.
 *
 * @example
 * adminRoutes(scope, pages);
 */
export function adminRoutes(scope: FastifyInstance, pages: Admin): void {
  overview(scope, pages);
  colors(scope, pages);
  imports(scope, pages);
}

function overview(scope: FastifyInstance, pages: Admin): void {
  const { database } = pages.shop;
  scope.get('/admin/', hide, async (request, reply) => {
    const user = demand(await pages.user(request), 'look');
    const [[counts], unmapped, [latest]] = await Promise.all([
      database.query<{ products: number; variants: number; open_orders: number }>(
        `SELECT (SELECT count(*)::int FROM products WHERE is_active) AS products,
           (SELECT count(*)::int FROM product_variants WHERE is_active) AS variants,
           (SELECT count(*)::int FROM orders WHERE status IN ('pending', 'confirmed', 'processing')) AS open_orders`,
      ),
      unmappedColors(database),
      importSessions(database, 1),
    ]);
    return pages.send(reply, user, {
      title: 'FREESPORT',
      body: () => html`<dl class="counts"><div><dt>Товары / Products</dt><dd>${counts?.products}</dd></div><div><dt>Варианты / Variants</dt><dd>${counts?.variants}</dd></div>
<div><dt>Открытые заказы / Open orders</dt><dd>${counts?.open_orders}</dd></div><div><dt><a href="/admin/colors/">Цвета без образца / Colours without a swatch</a></dt><dd>${unmapped.length}</dd></div>
<div><dt><a href="/admin/imports/">Последний импорт / Latest import</a></dt><dd>${latest === undefined ? '—' : `${latest.id}: ${latest.status}`}</dd></div></dl>`,
    });
  });

  scope.get<{ Querystring: { q?: string; page?: string } }>(
    '/admin/products/',
    hide,
    async (request, reply) => {
      const user = demand(await pages.user(request), 'look');
      const q = (request.query.q ?? '').trim().slice(0, 200);
      const page = pageOf(request.query.page);
      const products = await adminProducts(database, {
        q,
        limit: PAGE_SIZE + 1,
        offset: (page - 1) * PAGE_SIZE,
      });
      return pages.send(reply, user, {
        title: 'Товары / Products',
        body: () =>
          productsPage({
            q,
            page,
            products: products.slice(0, PAGE_SIZE),
            hasNext: products.length > PAGE_SIZE,
          }),
      });
    },
  );
}

function colors(scope: FastifyInstance, pages: Admin): void {
  const { database } = pages.shop;
  scope.get<{ Querystring: { saved?: string } }>('/admin/colors/', hide, async (request, reply) => {
    const user = demand(await pages.user(request), 'look');
    const [mappings, unmapped] = await Promise.all([colorMappings(database), unmappedColors(database)]);
    return pages.send(reply, user, {
      title: 'Цвета / Colours',
      notice: request.query.saved === undefined ? undefined : 'Сохранено / Saved',
      body: (visit) => colorsPage(visit, mappings, unmapped),
    });
  });

  const guarded = { preHandler: scope.csrfProtection };
  const form = (body: ColorForm, id?: number) => ({
    id,
    name: body.name,
    hexCode: body.hex_code,
    swatchImage: body.swatch_image,
  });
  scope.post<{ Body: ColorForm }>(
    '/admin/colors/',
    { ...guarded, schema: { hide: true, body: colorBody } },
    async (request, reply) => {
      demand(await pages.user(request), 'edit-colors');
      await saveColorMapping(database, form(request.body));
      return reply.redirect('/admin/colors/?saved', 303);
    },
  );
  scope.post<{ Body: ColorForm; Params: { id: number } }>(
    '/admin/colors/:id/',
    { ...guarded, schema: { hide: true, body: colorBody, params: idParams } },
    async (request, reply) => {
      demand(await pages.user(request), 'edit-colors');
      await saveColorMapping(database, form(request.body, request.params.id));
      return reply.redirect('/admin/colors/?saved', 303);
    },
  );
  scope.post<{ Params: { id: number } }>(
    '/admin/colors/:id/delete/',
    { ...guarded, schema: { hide: true, params: idParams } },
    async (request, reply) => {
      demand(await pages.user(request), 'edit-colors');
      await deleteColorMapping(database, request.params.id);
      return reply.redirect('/admin/colors/?saved', 303);
    },
  );
}

function imports(scope: FastifyInstance, pages: Admin): void {
  const { database } = pages.shop;
  scope.get('/admin/imports/', hide, async (request, reply) => {
    const user = demand(await pages.user(request), 'look');
    const [sessions, queued] = await Promise.all([
      importSessions(database, SESSIONS_MAX),
      queuedImports(database),
    ]);
    const exchanges = availableExchanges(pages.exchangeRoot);
    return pages.send(reply, user, {
      title: 'Импорт из 1С / Imports from 1C',
      refreshS: queued > 0 || sessions.some(isRunning) ? REFRESH_S : undefined,
      body: (visit) => importsPage(visit, { sessions, exchanges, queued }),
    });
  });

  scope.post<{ Body: { exchange: string; full?: string } }>(
    '/admin/imports/',
    {
      preHandler: scope.csrfProtection,
      schema: {
        hide: true,
        body: {
          type: 'object',
          required: ['exchange'],
          properties: { exchange: { type: 'string', maxLength: 255 }, full: { type: 'string' } },
        },
      },
    },
    async (request, reply) => {
      demand(await pages.user(request), 'start-import');
      const { exchange, full } = request.body;
      await startImport(database, pages.exchangeRoot, { name: exchange, full: full !== undefined });
      return reply.redirect('/admin/imports/', 303);
    },
  );

  scope.get<{ Params: { id: number }; Querystring: { code?: string; page?: string } }>(
    '/admin/imports/:id/',
    { schema: { hide: true, params: idParams } },
    async (request, reply) => {
      const user = demand(await pages.user(request), 'look');
      const { id } = request.params;
      const session = await importSession(database, id);
      if (session === undefined)
        throw new ShopError('not-found', `Импорта ${id} нет. / There is no import ${id}.`);
      const code = request.query.code || undefined;
      const page = pageOf(request.query.page);
      const [counts, warnings] = await Promise.all([
        warningCounts(database, id),
        importWarnings(database, id, {
          code,
          limit: WARNINGS_PAGE_SIZE + 1,
          offset: (page - 1) * WARNINGS_PAGE_SIZE,
        }),
      ]);
      return pages.send(reply, user, {
        title: `Импорт / Import ${id}`,
        refreshS: isRunning(session) ? REFRESH_S : undefined,
        body: () =>
          importPage(session, {
            counts,
            warnings: warnings.slice(0, WARNINGS_PAGE_SIZE),
            code,
            page,
            hasNext: warnings.length > WARNINGS_PAGE_SIZE,
          }),
      });
    },
  );
}

function pageOf(text: string | undefined): number {
  const page = Number(text ?? '1');
  return Number.isInteger(page) && page >= 1 && page <= 100_000 ? page : 1;
}
