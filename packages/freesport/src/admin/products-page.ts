import { html, type SafeHtml } from '../html/html.ts';
import type { AdminProduct } from './products.ts';

/** Products with their variants inline. */
export function productsPage(view: {
  readonly products: readonly AdminProduct[];
  readonly q: string;
  readonly page: number;
  readonly hasNext: boolean;
}): SafeHtml {
  const link = (page: number): string =>
    `?${new URLSearchParams({ ...(view.q === '' ? {} : { q: view.q }), page: String(page) })}`;
  return html`<form class="row" role="search"><label for="q">Название, артикул или Ид 1С / Name, SKU or 1C id</label>
<input id="q" name="q" type="search" maxlength="200" value="${view.q}"><button>Найти / Find</button></form>
${view.products.length === 0 ? html`<p>Ничего не найдено. / Nothing found.</p>` : null}
${view.products.map(productView)}
<p>${view.page > 1 ? html`<a rel="prev" href="${link(view.page - 1)}">Назад / Previous</a> ` : null}${view.hasNext ? html`<a rel="next" href="${link(view.page + 1)}">Дальше / Next</a>` : null}</p>`;
}

function productView(product: AdminProduct): SafeHtml {
  const stock = product.variants.reduce((sum, variant) => sum + variant.stock_quantity, 0);
  return html`<details class="admin-product"><summary>${product.name}${product.is_active ? null : html` <span class="status failed">скрыт / inactive</span>`}
<span class="uses">${product.category} · ${product.variants.length} вариантов / variants · ${stock} шт. / pcs</span></summary>
<p><a href="/product/${encodeURIComponent(product.slug)}/">${product.slug}</a> · <code>${product.onec_id ?? ''}</code></p>
<div class="table" role="region" aria-label="${product.name}" tabindex="0"><table><thead><tr><th scope="col">Артикул / SKU</th><th scope="col">Цвет / Colour</th><th scope="col">Размер / Size</th><th scope="col">Розница / Retail</th><th scope="col">Остаток / Stock</th><th scope="col">Резерв / Reserved</th><th scope="col">1C</th></tr></thead>
<tbody>${product.variants.map(
    (variant) =>
      html`<tr><th scope="row">${variant.sku}${variant.is_active ? null : ' (скрыт / inactive)'}${variant.is_default ? ' (без характеристик / default)' : null}</th><td>${variant.color_name}</td><td>${variant.size_value}</td><td>${variant.retail_price ?? '—'}</td><td>${variant.stock_quantity}</td><td>${variant.reserved_quantity}</td><td><code>${variant.onec_id}</code></td></tr>`,
  )}</tbody></table></div></details>`;
}
