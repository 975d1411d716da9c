import type { Cart } from '../cart/cart.ts';
import { html, type SafeHtml } from '../html/html.ts';
import type { Order } from '../orders/read-order.ts';
import { csrfField } from './layout.ts';
import { priceText } from './price-text.ts';
import type { Visit } from './visit.ts';

/**
 * The form that places the order. `idempotencyKey` goes with it, so that a double click orders once.
 *
 * @example
 * checkoutPage(visit, cart, { idempotencyKey: randomUUID() });
 */
export function checkoutPage(
  visit: Visit,
  cart: Cart,
  form: { readonly idempotencyKey: string; readonly problem?: string | undefined },
): SafeHtml {
  const { t, language } = visit;
  const required = html` <span class="hidden">(${t.required})</span>`;
  return html`<h1>${t.checkout}</h1>
${form.problem === undefined ? null : html`<p class="notice bad" role="alert">${form.problem}</p>`}
<p>${t.total}: <strong>${priceText(cart.total, language)}</strong></p>
<form class="stacked" method="post" action="/checkout/">${csrfField(visit)}<input type="hidden" name="idempotency_key" value="${form.idempotencyKey}">
<label for="c-name">${t.name}${required}</label><input id="c-name" name="customer_name" autocomplete="name" maxlength="200" required>
<label for="c-phone">${t.phone}${required}</label><input id="c-phone" name="customer_phone" type="tel" autocomplete="tel" minlength="3" maxlength="20" required>
<label for="c-email">${t.email}</label><input id="c-email" name="customer_email" type="email" autocomplete="email" maxlength="254" value="${visit.user?.email ?? ''}">
<label for="c-delivery">${t.delivery}</label><select id="c-delivery" name="delivery_method">${(['pickup', 'courier', 'post', 'transport_company'] as const).map((value) => html`<option value="${value}">${t[value]}</option>`)}</select>
<label for="c-address">${t.address}</label><textarea id="c-address" name="delivery_address" autocomplete="street-address" maxlength="1000"></textarea>
<label for="c-payment">${t.payment}</label><select id="c-payment" name="payment_method">${(['card', 'cash', 'invoice'] as const).map((value) => html`<option value="${value}">${t[value]}</option>`)}</select>
<label for="c-notes">${t.notes}</label><textarea id="c-notes" name="notes" maxlength="2000"></textarea>
<button>${t.placeOrder}</button></form>`;
}

/** What was ordered, as it was sold. */
export function orderPage(visit: Visit, order: Order): SafeHtml {
  const { t, language } = visit;
  return html`<h1>${t.order} ${order.order_number}</h1>
<p class="notice">${t.orderThanks}</p><p>${t.status}: ${order.status}</p>
<div class="table lines" role="region" aria-label="${t.order}" tabindex="0"><table><thead><tr><th scope="col">${t.product}</th><th scope="col">${t.price}</th><th scope="col">${t.quantity}</th><th scope="col">${t.sum}</th></tr></thead><tbody>
${order.items.map((item) => html`<tr><th scope="row">${item.name}<br><span class="sku">${t.sku}: ${item.sku}</span></th><td data-label="${t.price}">${priceText(item.unit_price, language)}</td><td data-label="${t.quantity}">${item.quantity}</td><td data-label="${t.sum}">${priceText(item.total_price, language)}</td></tr>`)}
</tbody><tfoot><tr><th scope="row" colspan="3">${t.total}</th><td><strong>${priceText(order.total_amount, language)}</strong></td></tr></tfoot></table></div>
<p><a href="/catalog/">${t.backToCatalogue}</a></p>`;
}
