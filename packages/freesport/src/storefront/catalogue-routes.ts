import type { FastifyInstance } from 'fastify';
import type { ListFilter, ProductDetail, ProductVariant } from '../catalogue/catalogue.ts';
import { ShopError } from '../errors.ts';
import { listPage } from './list-page.ts';
import { productPage } from './product-page.ts';
import type { Storefront } from './storefront.ts';
import { chooseVariant } from './variant-choice.ts';
import { readVisit } from './visit.ts';

const PAGE_SIZE = 24;
const AMOUNT = /^\d{1,8}(\.\d{1,2})?$/;
const hidden = { schema: { hide: true } };

type Query = Readonly<Record<string, string | undefined>>;

/**
 * `/`, `/catalog/` and `/product/{slug}/`.
 *
 * @example
 * catalogueRoutes(scope, storefront);
 */
export function catalogueRoutes(scope: FastifyInstance, pages: Storefront): void {
  const { shop } = pages;

  for (const url of ['/', '/catalog/']) {
    scope.get<{ Querystring: Query }>(url, hidden, async (request, reply) => {
      const visit = await readVisit(shop, request, reply);
      const filter = filterOf(request.query);
      const [products, categories, brands] = await Promise.all([
        shop.catalogue.list(filter, visit.role),
        shop.categories.all(),
        pages.brands.all(),
      ]);
      const title =
        categories.find((category) => category.slug === filter.category)?.name ?? visit.t.catalogue;
      return pages.send(reply, visit, {
        title,
        body: listPage(visit, { filter, products, categories, brands }),
      });
    });
  }

  scope.get<{ Params: { slug: string }; Querystring: Query }>(
    '/product/:slug/',
    hidden,
    async (request, reply) => {
      const visit = await readVisit(shop, request, reply);
      const product = await shop.catalogue.detail(request.params.slug, visit.role);
      if (product === undefined)
        throw new ShopError('not-found', `there is no product "${request.params.slug}"`);
      const { color, size, sku } = request.query;
      const withVariants = { ...product, variants: product.variants ?? [onlyVariant(product)] };
      const choice = chooseVariant(withVariants.variants, { color, size, sku });
      return pages.send(reply, visit, {
        title: product.seo_title || product.name,
        description: product.seo_description || product.short_description,
        body: productPage(visit, withVariants, choice),
      });
    },
  );
}

/** Nonsense in the URL of a page is no error: it is left out. */
function filterOf(query: Query): ListFilter {
  const page = Number(query.page ?? '1');
  const amount = (text: string | undefined): string | undefined => {
    const value = text?.trim().replace(',', '.');
    return value !== undefined && AMOUNT.test(value) ? value : undefined;
  };
  return {
    category: query.category || undefined,
    brand: query.brand || undefined,
    q: query.q?.slice(0, 100) || undefined,
    minPrice: amount(query.min_price),
    maxPrice: amount(query.max_price),
    page: Number.isInteger(page) && page >= 1 && page <= 100_000 ? page : 1,
    pageSize: PAGE_SIZE,
  };
}

/** A product of 13.3 is its own only variant. */
function onlyVariant(product: ProductDetail): ProductVariant {
  return {
    id: product.id,
    sku_id: product.sku_id,
    sku: product.sku,
    name: product.name,
    color_name: '',
    color_hex: null,
    swatch_image: null,
    size_value: '',
    price: product.price,
    retail_price: product.retail_price,
    rrp: null,
    msrp: null,
    stock_quantity: product.stock_quantity,
    in_stock: product.in_stock,
    main_image: product.image,
    gallery_images: product.gallery_images,
    is_default: true,
  };
}
