import type { Cart, CartLine } from '../cart/cart.ts';
import { html, type SafeHtml } from '../html/html.ts';
import { csrfField } from './layout.ts';
import { priceText } from './price-text.ts';
import type { Visit } from './visit.ts';

/**
 * The cart: quantities to change, lines to remove, and what is short of stock.
 *
 * @example
 * layout(visit, assets, { title: visit.t.cart, body: cartPage(visit, cart) });
 */
export function cartPage(visit: Visit, cart: Cart): SafeHtml {
  const { t, language } = visit;
  if (cart.items.length === 0) {
    return html`<h1>${t.cart}</h1><p>${t.emptyCart}</p><p><a href="/catalog/">${t.backToCatalogue}</a></p>`;
  }
  const orderable = cart.items.every((item) => item.price !== null && item.available >= item.quantity);
  return html`<h1>${t.cart}</h1>
<div class="table lines" role="region" aria-label="${t.cart}" tabindex="0"><table><thead><tr><th scope="col">${t.product}</th><th scope="col">${t.price}</th><th scope="col">${t.quantity}</th><th scope="col">${t.sum}</th></tr></thead>
<tbody>${cart.items.map((item) => line(visit, item))}</tbody>
<tfoot><tr><th scope="row" colspan="3">${t.total}</th><td><strong>${priceText(cart.total, language)}</strong></td></tr></tfoot></table></div>
${orderable ? html`<p><a href="/checkout/">${t.checkout}</a></p>` : null}
<p><a href="/catalog/">${t.backToCatalogue}</a></p>`;
}

function line(visit: Visit, item: CartLine): SafeHtml {
  const { t, language } = visit;
  const label = item.options === '' ? item.name : `${item.name} (${item.options})`;
  const url =
    item.slug === null ? undefined : `/product/${encodeURIComponent(item.slug)}/?sku=${item.sku_id}`;
  return html`<tr><th scope="row">${url === undefined ? label : html`<a href="${url}">${label}</a>`}<br><span class="sku">${t.sku}: ${item.sku}</span>
${item.available < item.quantity ? html`<br><span class="stock none">${t.shortage}: ${item.available} ${t.pieces}</span>` : null}</th>
<td data-label="${t.price}">${item.price === null ? t.noPrice : priceText(item.price, language)}</td>
<td data-label="${t.quantity}"><form method="post" action="/cart/">${csrfField(visit)}<input type="hidden" name="sku_id" value="${item.sku_id}"><input type="hidden" name="mode" value="set">
<input type="number" name="quantity" min="0" max="9999" value="${item.quantity}" aria-label="${t.quantity}: ${label}" required><button>${t.update}</button></form>
<form method="post" action="/cart/">${csrfField(visit)}<input type="hidden" name="sku_id" value="${item.sku_id}"><input type="hidden" name="mode" value="set"><input type="hidden" name="quantity" value="0">
<button class="link" aria-label="${t.remove}: ${label}">${t.remove}</button></form></td>
<td data-label="${t.sum}">${item.total === null ? '—' : priceText(item.total, language)}</td></tr>`;
}
