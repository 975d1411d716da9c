import type { ListedProduct, ListFilter, NamedLink, ProductPage } from '../catalogue/catalogue.ts';
import type { Category } from '../catalogue/category-tree.ts';
import { html, type SafeHtml } from '../html/html.ts';
import { mediaUrl, priceView, stockView } from './price-view.ts';
import type { Visit } from './visit.ts';

/** What the list page shows. */
export interface ListView {
  readonly filter: ListFilter;
  readonly products: ProductPage;
  readonly categories: readonly Category[];
  readonly brands: readonly NamedLink[];
}

/**
 * The catalogue: category tree, filters, products, pages.
 *
 * @example
 * layout(visit, assets, { title, body: listPage(visit, view) });
 */
export function listPage(visit: Visit, view: ListView): SafeHtml {
  const { t } = visit;
  const { filter, products, categories } = view;
  const current = categories.find((category) => category.slug === filter.category);
  return html`<div class="columns">
<aside>
<nav aria-labelledby="tree"><h2 id="tree">${t.categories}</h2>
<ul class="tree"><li><a href="/catalog/"${current === undefined ? html` aria-current="page"` : null}>${t.allProducts}</a></li>
${branch(categories, null, current)}</ul></nav>
${filterForm(visit, view)}
</aside>
<section aria-labelledby="heading">
<h1 id="heading">${current?.name ?? t.catalogue}</h1>
<p class="count">${t.found}: ${products.count}</p>
${products.results.length === 0 ? html`<p>${t.nothingFound}</p>` : html`<ul class="grid">${products.results.map((product) => card(visit, product))}</ul>`}
${pager(visit, view)}
</section>
</div>`;
}

/** The tree as nested lists. Depth is bounded so that a cycle in the data cannot hang a page. */
function branch(
  categories: readonly Category[],
  parentId: number | null,
  current: Category | undefined,
  depth = 0,
): SafeHtml[] {
  if (depth > 8) return [];
  const known = new Set(categories.map((category) => category.id));
  return categories
    .filter((category) =>
      parentId === null
        ? category.parent_id === null || !known.has(category.parent_id)
        : category.parent_id === parentId,
    )
    .map((category) => {
      const children = branch(categories, category.id, current, depth + 1);
      return html`<li><a href="/catalog/?category=${encodeURIComponent(category.slug)}"${
        category.id === current?.id ? html` aria-current="page"` : null
      }>${category.name}</a>${children.length > 0 ? html`<ul>${children}</ul>` : null}</li>`;
    });
}

function filterForm(visit: Visit, { filter, brands }: ListView): SafeHtml {
  const { t } = visit;
  return html`<form class="filters" action="/catalog/">
${filter.category === undefined ? null : html`<input type="hidden" name="category" value="${filter.category}">`}
<label for="f-q">${t.search}</label><input id="f-q" name="q" type="search" maxlength="100" value="${filter.q ?? ''}">
<label for="f-brand">${t.brand}</label><select id="f-brand" name="brand"><option value="">${t.anyBrand}</option>
${brands.map((brand) => html`<option value="${brand.slug}"${brand.slug === filter.brand ? html` selected` : null}>${brand.name}</option>`)}</select>
<label for="f-min">${t.priceFrom}</label><input id="f-min" name="min_price" inputmode="decimal" pattern="\\d{1,8}(\\.\\d{1,2})?" value="${filter.minPrice ?? ''}">
<label for="f-max">${t.priceTo}</label><input id="f-max" name="max_price" inputmode="decimal" pattern="\\d{1,8}(\\.\\d{1,2})?" value="${filter.maxPrice ?? ''}">
<button>${t.apply}</button> <a href="/catalog/">${t.reset}</a>
</form>`;
}

function card(visit: Visit, product: ListedProduct): SafeHtml {
  return html`<li class="card"><a href="/product/${encodeURIComponent(product.slug)}/">
${product.image === null ? html`<span class="no-image" aria-hidden="true"></span>` : html`<img src="${mediaUrl(product.image)}" alt="" loading="lazy" width="240" height="240">`}
<span class="card-name">${product.name}</span></a>
${product.brand === null ? null : html`<span class="card-brand">${product.brand.name}</span>`}
<p>${priceView(visit, product)}</p><p>${stockView(visit, product)}</p></li>`;
}

function pager(visit: Visit, { filter, products }: ListView): SafeHtml | null {
  const pages = Math.ceil(products.count / filter.pageSize);
  if (pages <= 1) return null;
  const { t } = visit;
  const link = (page: number, rel: 'prev' | 'next', text: string): SafeHtml =>
    html`<a rel="${rel}" href="${listUrl(filter, page)}">${text}</a>`;
  return html`<nav class="pager" aria-label="${t.pages}">
${filter.page > 1 ? link(filter.page - 1, 'prev', t.previous) : null}
<span>${t.page} ${filter.page} ${t.of} ${pages}</span>
${filter.page < pages ? link(filter.page + 1, 'next', t.next) : null}</nav>`;
}

/** The address of a page of a filtered list. */
function listUrl(filter: ListFilter, page: number): string {
  const parameters = new URLSearchParams();
  const named = {
    category: filter.category,
    brand: filter.brand,
    q: filter.q,
    min_price: filter.minPrice,
    max_price: filter.maxPrice,
    page: page === 1 ? undefined : String(page),
  };
  for (const [name, value] of Object.entries(named))
    if (value !== undefined && value !== '') parameters.set(name, value);
  const text = parameters.toString();
  return text === '' ? '/catalog/' : `/catalog/?${text}`;
}
